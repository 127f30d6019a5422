//! A store in front of a model.

use patterns_core::{
    BoxFuture, CallKey, Layer, Model, ModelError, ModelId, Request, Response, Usage,
};

use crate::Store;

/// Puts a [`Store`] in front of a model.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use patterns_core::{Layer, Model, Request};
/// use patterns_store::{Store, StoreLayer};
/// use patterns_testkit::ScriptedModel;
///
/// let model = StoreLayer::new(Store::in_memory()).layer(ScriptedModel::new(["paid for once"]));
/// let first = model.generate(&Request::default()).await?;
/// let again = model.generate(&Request::default()).await?;
/// assert_eq!(first.text, again.text);
/// assert_eq!((first.usage.calls, again.usage.calls), (1, 0));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct StoreLayer {
    store: Store,
}

impl StoreLayer {
    /// Makes the layer; the same store can serve any number of models.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl<M: Model> Layer<M> for StoreLayer {
    type Model = Stored<M>;

    fn layer(&self, inner: M) -> Stored<M> {
        Stored {
            inner,
            store: self.store.clone(),
        }
    }
}

/// A model whose answers are recorded; made by [`StoreLayer`].
///
/// A recorded answer comes back with an empty bill. Errors are not recorded.
#[derive(Clone, Debug)]
pub struct Stored<M> {
    inner: M,
    store: Store,
}

impl<M: Model> Model for Stored<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let key = CallKey::of(self.id(), request);
            if let Some(recorded) = self.store.get(&key) {
                return Ok(Response {
                    usage: Usage::default(),
                    ..recorded
                });
            }
            let response = self.inner.generate(request).await?;
            self.store.put(key, response.clone());
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use patterns_core::{Message, Origin, Part, RunId};
    use patterns_testkit::ScriptedModel;

    use super::*;

    fn request(words: &str, sample: u32) -> Request {
        Request {
            messages: vec![Message::user([Part::text(words)])],
            sample,
            ..Request::default()
        }
    }

    async fn texts(requests: &[Request], script: &[&str]) -> Vec<Option<String>> {
        let model = StoreLayer::new(Store::in_memory()).layer(ScriptedModel::new(script.to_vec()));
        let mut texts = Vec::new();
        for request in requests {
            texts.push(model.generate(request).await.ok().map(|it| it.text));
        }
        texts
    }

    #[tokio::test]
    async fn equal_calls_are_asked_once_and_other_samples_are_not_equal() {
        let mut elsewhere = request("a", 0);
        elsewhere.origin = Origin {
            run: RunId(7),
            ..Origin::default()
        };
        let requests = [request("a", 0), request("a", 1), elsewhere, request("b", 0)];
        let texts = texts(&requests, &["1", "2", "3"]).await;
        let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
        assert_eq!(texts, [Some("1"), Some("2"), Some("1"), Some("3")]);
    }

    #[tokio::test]
    async fn an_error_is_asked_again() {
        let texts = texts(&[request("a", 0), request("a", 0)], &[]).await;
        assert_eq!(texts, [None, None]);
    }

    #[tokio::test]
    async fn clones_share_one_record() {
        let store = Store::in_memory();
        let first = StoreLayer::new(store.clone()).layer(ScriptedModel::new(["1"]));
        let second = StoreLayer::new(store.clone()).layer(ScriptedModel::new(["2"]));
        first.generate(&request("a", 0)).await.unwrap();
        let answer = second.generate(&request("a", 0)).await.unwrap();
        assert_eq!(answer.text, "1");
        assert_eq!(store.len(), 1);
    }
}
