//! Asks about a chunk in halves if the model calls it too long as a whole.
//!
//! That a chunk is too long shows only when it is asked about, when its branch has its number, its
//! label and its place in the tree. So the parts of a chunk, or of a whole document that nobody asked
//! to cut, are asked about one after the other in that branch, and all answers take its place; it
//! changes no shape. If one part fails, the branch has: a part of an answer under the name of a chunk
//! would be a gap that nobody sees. A combination that is too long is made of combinations of its
//! groups in the same way.
//!
//! Most refusals name two numbers, such as "request (9815 tokens) exceeds the available context size
//! (4096 tokens)". The largest is taken for the request, the next one for what fits; where that is
//! another number, the parts are too few, and those that are refused again are cut again.
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

/// The most parts that something is cut into at once.
const MOST: u64 = 64;

/// An answer about a piece, or about a part of it.
pub(super) struct Mapped<M> {
    pub(super) id: String,
    pub(super) answer: M,
    pub(super) usage: Usage,
}

/// Asks about a piece, in parts if it is too long for the model. Either all of them are answered or
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
    // What was refused is on the bill of its first part.
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
                let chunk = chunk.unwrap_or_else(|| Chunk::whole(&document).into());
                let parts = parts_of(&error).and_then(|wanted| halved(&chunk, splitter, wanted));
                let Some(parts) = parts else {
                    return Err(error.after(done.map(|it| it.usage).unwrap_or_default()));
                };
                refused = error.usage();
                left.extend(
                    parts
                        .into_iter()
                        .rev()
                        .map(|it| (it.to_document(), Some(it.into()))),
                );
            }
        }
    }
    // The loop ends when nothing is left, and the last thing that it asked about was answered.
    done.ok_or_else(|| ModelError::new(ModelErrorKind::ContextTooLong).into())
}

/// Halves a chunk, and its halves, until there are so many parts.
fn halved(chunk: &Chunk, splitter: Option<&dyn Split>, wanted: u64) -> Option<Vec<Chunk>> {
    let halve = |it: &Chunk| match splitter {
        Some(splitter) => splitter.halve(it),
        None => it.halve(),
    };
    let mut parts = Vec::from(halve(chunk)?);
    while (parts.len() as u64) < wanted {
        let finer: Vec<Chunk> = parts
            .iter()
            .flat_map(|it| halve(it).map_or_else(|| vec![it.clone()], Vec::from))
            .collect();
        if finer.len() == parts.len() {
            break;
        }
        parts = finer;
    }
    Some(parts)
}

/// Returns into how many parts to cut what a model has called too long; `None` for other errors.
pub(super) fn parts_of(error: &AgentError) -> Option<u64> {
    const TOO_LONG: AgentErrorKind = AgentErrorKind::Model(ModelErrorKind::ContextTooLong);
    let detail = error.model_error().and_then(|it| it.detail());
    (error.kind() == TOO_LONG).then(|| parts(detail.unwrap_or_default()))
}

fn parts(refusal: &str) -> u64 {
    let text = refusal.replace(',', "");
    let numbers = text.split(|it: char| !it.is_ascii_digit());
    let mut numbers: Vec<u64> = numbers.filter_map(|it| it.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let [.., limit, request] = numbers[..] else {
        return 2;
    };
    // What surrounds the material is in each part again.
    let needed = request
        .saturating_mul(11)
        .div_ceil(limit.saturating_mul(10).max(1));
    needed.clamp(2, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_refusal_say_how_many_parts_fit() {
        let table = [
            (
                "request (9815 tokens) exceeds the available context size (4096 tokens)",
                3,
            ),
            (
                "maximum context length is 8,192 tokens, you requested 81,920 tokens",
                11,
            ),
            (
                "8192 at most; you sent 10000 (9000 in the messages, 1000 in the completion)",
                2,
            ),
            ("too long (HTTP 413)", 2),
            ("", 2),
            ("0 of 99999999999999999999999 and 7", 64),
            ("4096 tokens of 18446744073709551615", 64),
        ];
        for (refusal, expected) in table {
            assert_eq!(parts(refusal), expected, "{refusal}");
        }
    }

    #[test]
    fn other_errors_are_no_reason_to_cut() {
        let error = |kind| AgentError::model(ModelError::new(kind), Usage::default());
        assert_eq!(parts_of(&error(ModelErrorKind::ContextTooLong)), Some(2));
        assert_eq!(parts_of(&error(ModelErrorKind::Truncated)), None);
    }
}
