//! How a behaviour is wrapped around a model.

use crate::Model;

/// Wraps a model in a behaviour: a retry, a timeout, a store.
///
/// The shape is tower's, without its readiness protocol: model calls are few and long, so a layer
/// that has to wait does so inside [`Model::generate`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), patterns_core::ModelError> {
/// use patterns_core::{BoxFuture, Layer, Model, ModelError, ModelId, Request, Response};
///
/// /// Answers in capitals.
/// struct Shout<M>(M);
/// struct ShoutLayer;
///
/// impl<M: Model> Layer<M> for ShoutLayer {
///     type Model = Shout<M>;
///     fn layer(&self, inner: M) -> Shout<M> {
///         Shout(inner)
///     }
/// }
///
/// impl<M: Model> Model for Shout<M> {
///     fn id(&self) -> &ModelId {
///         self.0.id()
///     }
///     fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
///         Box::pin(async move {
///             let response = self.0.generate(request).await?;
///             Ok(Response { text: response.text.to_uppercase(), ..response })
///         })
///     }
///     // What is around a model that keeps records has to pass this on.
///     fn disown(&self, request: &Request) {
///         self.0.disown(request);
///     }
/// }
///
/// let model = ShoutLayer.layer(patterns_testkit::ScriptedModel::new(["hello"]));
/// assert_eq!(model.generate(&Request::default()).await?.text, "HELLO");
/// # Ok(()) }
/// ```
pub trait Layer<M> {
    /// The wrapped model.
    type Model: Model;

    /// Wraps `inner`.
    fn layer(&self, inner: M) -> Self::Model;
}
