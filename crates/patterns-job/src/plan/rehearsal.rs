//! Stands in for the models of a job, and counts what they would be sent.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patterns_core::{
    BoxFuture, BranchId, CallKey, Caps, Event, EventSink, Model, ModelError, ModelErrorKind,
    ModelId, Part, Request, Response, StepRole, TokenCounter,
};
use patterns_llm::token_counter;
use patterns_store::{Record, Store};

use super::ballots::Ballots;
use super::drafts::{gated, gleaned, grown, reviewed, with_length};
use super::seen::{Kind, Seen};
use super::stage_tally::{StageName, StageTally, Stages};
use super::written_plan::FirstPrompt;
use crate::job::StoreMode;
use crate::setup::{Draft, PlanSetup, Setup};

/// How much comes of what answers decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// What a gate looks at does not divide, nothing was missed, and the rest is as in [`Likely`](Self::Likely).
    Least,
    /// The topic divides, no section asks for others, and all goes together; or as in answers that are known.
    Likely,
    /// The topic divides, sections ask for as many as there may be, each is written again, and something was
    /// missed each time.
    Most,
}

/// A rehearsal under way. It is told by events which branch is for what.
#[derive(Clone)]
pub(super) struct Rehearsal(Arc<Shared>);

struct Shared {
    store: Option<Store>,
    /// Whether what is answered once is found again.
    is_recorded: bool,
    draft: Arc<Draft>,
    /// How many sections a planner plans.
    sections: usize,
    /// How much answers come to.
    extent: Extent,
    /// What answers are taken to be like.
    like: Seen,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    roles: HashMap<BranchId, Role>,
    /// The levels of combinations, by what they are called in those above them.
    levels: HashMap<Arc<str>, u32>,
    ended: Ended,
    /// Tokens of standing instructions with the schema, by the address of the instructions, which are
    /// kept so that nothing else comes to lie there.
    standing: HashMap<usize, (Arc<str>, u64)>,
    /// What was sent, where the store has it from then on.
    sent: HashSet<CallKey>,
}

#[derive(Clone)]
struct Role {
    role: StepRole,
    label: Arc<str>,
    /// Whether a draft was not valid, so that the next call is a re-ask, which is no call of the plan.
    is_reasked: bool,
    /// The schema of its first call: another one asks for what the answer to that has missed.
    schema: Option<Option<[u8; 32]>>,
}

impl Rehearsal {
    pub(super) fn new(
        with: &PlanSetup,
        mode: StoreMode,
        (sections, extent): (usize, Extent),
        ballots: Ballots,
        like: &Seen,
    ) -> Self {
        let is_used = matches!(mode, StoreMode::Use | StoreMode::ReadOnly);
        Self(Arc::new(Shared {
            store: with.store.clone().filter(|_| is_used),
            is_recorded: is_used,
            draft: Arc::clone(&with.draft),
            sections,
            extent,
            like: like.clone(),
            state: Mutex::new(State {
                ended: Ended {
                    ballots,
                    ..Ended::default()
                },
                ..State::default()
            }),
        }))
    }

    /// Returns what the job is rehearsed with.
    pub(super) fn setup(&self, setup: &Setup) -> Setup {
        let stand_in = |model: &Arc<dyn Model>| -> Arc<dyn Model> {
            Arc::new(StandIn {
                id: model.id().clone(),
                counter: token_counter(model.id()),
                rehearsal: self.clone(),
            })
        };
        let mut settings = setup.settings.clone();
        // A budget that elections share would end them where it ends; the plan is what they need.
        settings.caps = Caps::default();
        Setup {
            models: setup.models.each_as(stand_in),
            events: Arc::new(self.clone()),
            drain: tokio_util::sync::CancellationToken::new(),
            settings,
        }
    }

    /// Returns what was counted, by stage and model, what was warned of, and the ballots.
    pub(super) fn end(&self) -> Ended {
        std::mem::take(&mut self.lock().ended)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns what the branch of a request is for, and whether the request asks for what its first has missed.
    fn role(&mut self, request: &Request) -> (Role, bool) {
        let schema = request.schema.as_ref().map(|it| *it.digest());
        let known = self.roles.get_mut(&request.scope.origin().branch);
        let Some(role) = known else {
            let role = Role {
                role: StepRole::Map,
                label: "".into(),
                is_reasked: false,
                schema: None,
            };
            return (role, false);
        };
        let looks_again = *role.schema.get_or_insert(schema) != schema;
        (role.clone(), looks_again)
    }

    /// Returns at which level of a tree something is combined: above all combinations that are in it.
    fn level(&mut self, role: &Role, request: &Request) -> u32 {
        if role.role != StepRole::Reduce {
            return 0;
        }
        let parts = request.messages.iter().flat_map(|it| &it.parts);
        let below = parts.filter_map(|part| match part {
            Part::Document(document) => self.levels.get(&*document.id).copied(),
            _ => None,
        });
        let level = below.max().unwrap_or(0) + 1;
        let known = self.levels.entry(Arc::clone(&role.label)).or_default();
        *known = level.max(*known);
        level
    }
}

/// What came of a rehearsal.
#[derive(Default)]
pub(super) struct Ended {
    pub(super) stages: Stages,
    pub(super) warnings: Vec<String>,
    pub(super) ballots: Ballots,
    /// The answers that the store has.
    pub(super) seen: Seen,
}

impl EventSink for Rehearsal {
    fn emit(&self, event: Event) {
        match event {
            Event::BranchStarted {
                origin,
                role,
                label,
            } => {
                let role = Role {
                    role,
                    label: label.into(),
                    is_reasked: false,
                    schema: None,
                };
                self.lock().roles.insert(origin.branch, role);
            }
            Event::AnswerRejected { origin, .. } => {
                if let Some(role) = self.lock().roles.get_mut(&origin.branch) {
                    role.is_reasked = true;
                }
            }
            Event::BranchAnswered { origin, .. }
            | Event::BranchFailed { origin, .. }
            | Event::BranchCancelled { origin, .. } => {
                self.lock().roles.remove(&origin.branch);
            }
            // Others are about what stand-ins say.
            Event::WarningRaised { warning, .. } if warning.code == "temperature-zero" => {
                self.lock().ended.warnings.push(warning.message);
            }
            _ => {}
        }
    }
}

/// Stands in for a model.
struct StandIn {
    id: ModelId,
    counter: Option<TokenCounter>,
    rehearsal: Rehearsal,
}

impl StandIn {
    fn answer(&self, request: &Request) -> Result<Response, ModelError> {
        let shared = &self.rehearsal.0;
        let key = CallKey::of(&self.id, request);
        let stored = self.stored(&key)?;
        let mut state = self.rehearsal.lock();
        let (role, looks_again) = state.role(request);
        let text = text_of(request);
        let tokens = self.tokens(&mut state, request, &text);
        let stage = StageName {
            stage: role.role.name().to_owned(),
            level: state.level(&role, request),
            model: self.id.to_string(),
        };
        let (role, is_reasked) = (role.role, role.is_reasked);
        let order = state.ended.stages.len();
        let tally = state
            .ended
            .stages
            .entry(stage.clone())
            .or_insert_with(|| StageTally {
                order,
                ..StageTally::default()
            });
        tally.answers = tally.answers.max(documents_of(request));
        let answer = match stored {
            Some(record) => {
                tally.find(tokens, record.response.usage);
                if role == StepRole::Ballot {
                    state
                        .ended
                        .ballots
                        .note(question_of(request), &record.response.text);
                }
                let kind = Kind::of(role, &self.id, request);
                state.ended.seen.note(kind, &record.response.text);
                Some(record.response.text)
            }
            None => {
                let seed = u64::from(request.sample) ^ seed_of(&key, request.messages.len());
                let answer = self.draft(&mut state, (role, looks_again), request, seed);
                let is_again = shared.is_recorded && !state.sent.insert(key);
                if is_again && let Some(tally) = state.ended.stages.get_mut(&stage) {
                    tally.found += 1;
                } else if !is_reasked && let Some(tally) = state.ended.stages.get_mut(&stage) {
                    let drafted = answer.as_ref().map_or(0, |it| self.count(it));
                    tally.first.get_or_insert_with(|| first_prompt(request));
                    tally.send(text, tokens, drafted);
                    tally.shown += documents_of(request);
                }
                answer
            }
        };
        let Some(answer) = answer else {
            let detail = "nothing of the shape of the answer could be drafted";
            return Err(ModelError::new(ModelErrorKind::InvalidRequest).with_detail(detail));
        };
        Ok(Response::new(&self.id.model, answer))
    }

    /// Returns what the store has of a call.
    fn stored(&self, key: &CallKey) -> Result<Option<Record>, ModelError> {
        let store = self.rehearsal.0.store.as_ref();
        let stored = store.map(|it| it.find(key)).transpose();
        let stored = stored.map_err(|error| {
            ModelError::new(ModelErrorKind::NotRecorded).with_detail(error.to_string())
        })?;
        Ok(stored.flatten())
    }

    fn draft(
        &self,
        state: &mut State,
        (role, looks_again): (StepRole, bool),
        request: &Request,
        seed: u64,
    ) -> Option<String> {
        let shared = &self.rehearsal.0;
        let schema = request.schema.as_ref().map_or("{}", |it| it.json().get());
        let draft = |seed| (shared.draft)(schema, seed);
        let kind = Kind::of(role, &self.id, request);
        if let Some(known) = shared.like.like(&kind, seed)
            && shared.extent == Extent::Likely
        {
            return Some(known);
        }
        match role {
            StepRole::Ballot => state.ended.ballots.cast(question_of(request), draft),
            StepRole::Outline => {
                let drafted = with_length(&draft(seed)?, shared.sections.max(3))?;
                match gated(&drafted, shared.extent) {
                    None => with_length(&drafted, shared.sections),
                    verdict => verdict,
                }
            }
            StepRole::Section | StepRole::Rewrite => grown(&draft(seed)?, shared.extent, seed),
            StepRole::Map if shared.extent != Extent::Likely && looks_again => {
                // Some drafts have nothing in their lists.
                let tries = (0..TRIES).filter_map(|n| draft(seed ^ (n << 40)));
                let mut gleaned = tries.filter_map(|it| gleaned(&it, shared.extent, seed));
                gleaned.next()
            }
            StepRole::Review => Some(reviewed(schema, shared.extent)),
            _ => draft(seed),
        }
    }

    fn tokens(&self, state: &mut State, request: &Request, text: &str) -> u64 {
        let at = request.instructions.as_ptr().addr();
        let standing = state.standing.entry(at).or_insert_with(|| {
            let schema = request.schema.as_ref().map_or("", |it| it.json().get());
            let tokens = self.count(&request.instructions) + self.count(schema);
            (Arc::clone(&request.instructions), tokens)
        });
        standing.1 + self.count(text)
    }

    /// Counts as the model does, or as most do: four bytes a token.
    fn count(&self, text: &str) -> u64 {
        match &self.counter {
            Some(counter) => counter.count(text),
            None => (text.len() as u64).div_ceil(4),
        }
    }
}

impl Model for StandIn {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(std::future::ready(self.answer(request)))
    }
}

/// Writes what is said to the model, without its standing instructions.
fn text_of(request: &Request) -> String {
    let messages: Vec<String> = request.messages.iter().map(|it| it.to_text()).collect();
    messages.join("\n\n")
}

/// Returns how many documents a call is shown: the answers that it combines, if it combines any.
fn documents_of(request: &Request) -> u64 {
    let parts = request.messages.iter().flat_map(|it| &it.parts);
    parts.filter(|it| matches!(it, Part::Document(_))).count() as u64
}

fn first_prompt(request: &Request) -> FirstPrompt {
    let schema = request.schema.as_ref();
    FirstPrompt {
        instructions: request.instructions.to_string(),
        prompt: text_of(request),
        schema: schema.and_then(|it| serde_json::from_str(it.json().get()).ok()),
    }
}

/// Tells questions apart, whatever voters are told behind them.
fn question_of(request: &Request) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in request.messages.iter().flat_map(|it| &it.parts) {
        hasher.update(part.to_string().as_bytes());
        if matches!(part, Part::Text(_)) {
            break;
        }
    }
    *hasher.finalize().as_bytes()
}

/// How often an answer is drafted that has something in its lists.
const TRIES: u64 = 16;

fn seed_of(key: &CallKey, messages: usize) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&key.as_bytes()[..8]);
    u64::from_le_bytes(half) ^ ((messages as u64) << 48)
}
