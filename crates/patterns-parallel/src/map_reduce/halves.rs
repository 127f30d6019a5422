//! Asks about a chunk in halves if the model calls it too long as a whole.
//!
//! That a chunk is too long shows only when it is asked about, when its branch has its number, its
//! label and its place in the tree. So the parts of a chunk, or of a whole document that nobody asked
//! to cut, are asked about one after the other in that branch, and all answers take its place; it
//! changes no shape. If one part fails, the branch has: a part of an answer under the name of a chunk
//! would be a gap that nobody sees. A combination that is too long is made of combinations of its
//! halves in the same way. What a refusal says of numbers is not read: a half that is refused costs
//! nothing and is halved again.
//!
//! Estimates of tokens are not corrected by what providers bill. A factor that is learnt during a run
//! moves the chunk boundaries behind it, in the order in which answers happen to arrive: a repeated
//! run would ask other questions, find nothing in its store and pay again. A factor from earlier runs
//! would do so from run to run. The estimate is cautious (three bytes a token), and what it gets wrong
//! is cut further.

use patterns_core::{
    Agent, AgentError, AgentErrorKind, Answer, Chunk, Document, ModelError, ModelErrorKind, Scope,
    Split, Usage,
};

use super::pieces::Piece;

/// An answer about a piece, or about a part of it.
pub(super) struct Mapped<M> {
    pub(super) id: String,
    pub(super) answer: M,
    pub(super) usage: Usage,
}

/// Asks about a piece, in halves if it is too long for the model. Either all of them are answered or
/// the piece has failed.
pub(super) async fn ask_in_halves<M>(
    agent: &dyn Agent<Document, M>,
    splitter: Option<&dyn Split>,
    piece: Piece,
    scope: Scope,
) -> Result<Answer<Vec<Mapped<M>>>, AgentError> {
    let mut left = vec![match piece {
        Piece::Unreadable(reason) => return Err(AgentError::unreadable_input(reason)),
        Piece::Whole(document) => (document, None),
        Piece::Chunk(chunk) => (chunk.to_document(), Some(chunk)),
    }];
    // What was refused is on the bill of its first half.
    let mut refused = Usage::default();
    let mut done: Option<Answer<Vec<Mapped<M>>>> = None;
    while let Some((document, chunk)) = left.pop() {
        match agent.run(&document, scope.clone()).await {
            Ok(mut answer) => {
                answer.usage += std::mem::take(&mut refused);
                let (id, usage) = (document.id, answer.usage);
                let answer = answer.map(|answer| vec![Mapped { id, answer, usage }]);
                match &mut done {
                    Some(done) => {
                        let further = done.join(answer);
                        done.value.extend(further);
                    }
                    None => done = Some(answer),
                }
            }
            Err(error) => {
                let error = error.after(refused);
                let chunk = chunk.unwrap_or_else(|| Chunk::whole(&document));
                let halves = is_too_long(&error).then(|| match splitter {
                    Some(splitter) => splitter.halve(&chunk),
                    None => chunk.halve(),
                });
                let Some([first, second]) = halves.flatten() else {
                    return Err(error.after(done.map(|it| it.usage).unwrap_or_default()));
                };
                refused = error.usage();
                left.extend([second, first].map(|it| (it.to_document(), Some(it))));
            }
        }
    }
    // The loop ends when nothing is left, and the last thing that it asked about was answered.
    done.ok_or_else(|| ModelError::new(ModelErrorKind::ContextTooLong).into())
}

/// Returns whether a model has called something too long.
pub(super) fn is_too_long(error: &AgentError) -> bool {
    error.kind() == AgentErrorKind::Model(ModelErrorKind::ContextTooLong)
}
