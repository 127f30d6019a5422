//! Collects what is wrong with the inputs, so that all of it is said at once.

use crate::job_error::{JobError, JobErrorKind};

/// What is wrong with the inputs so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    missing: Vec<String>,
    invalid: Vec<String>,
    /// How many of those have only not the fields that were asked for.
    fields: usize,
    /// What rows of a batch lack: in words, in which row first, and in how many.
    lacking: Vec<(String, String, usize)>,
}

impl Problems {
    /// Notes an input that is missing or unreadable.
    pub(super) fn missing(&mut self, what: String) {
        self.missing.push(what);
    }

    /// Notes an input that was read and is not valid.
    pub(super) fn invalid(&mut self, what: String) {
        self.invalid.push(what);
    }

    /// Notes that an input has not the fields that were asked for.
    pub(super) fn field(&mut self, what: String) {
        self.fields += 1;
        self.invalid.push(what);
    }

    /// Notes that the row of a batch has not a field that was asked for; what rows lack alike is said once.
    pub(super) fn lacks(&mut self, place: &str, what: String) {
        match self.lacking.iter_mut().find(|it| it.0 == what) {
            Some((.., count)) => *count += 1,
            None => self.lacking.push((what, place.to_owned(), 1)),
        }
    }

    /// Returns an error if there was any problem. Missing inputs decide the kind, since what is
    /// in them cannot be judged yet.
    pub(super) fn check(mut self) -> Result<(), JobError> {
        let is_batch = !self.lacking.is_empty() && self.invalid.is_empty();
        let lacking = self.lacking.into_iter().map(|(what, place, count)| {
            let again = match count {
                1 => String::new(),
                count => format!("; the same in each of {count} rows"),
            };
            format!("{place}: {what}{again}")
        });
        self.invalid.extend(lacking);
        let count = self.missing.len() + self.invalid.len();
        let inputs = match count {
            1 => "an input".to_owned(),
            count => format!("{count} inputs"),
        };
        let (kind, message, help) = if !self.missing.is_empty() {
            let message = format!("{inputs} cannot be read");
            (
                JobErrorKind::NoInput,
                message,
                "check names and permissions",
            )
        } else if !self.invalid.is_empty() {
            let verb = if count == 1 { "is" } else { "are" };
            let message = format!("{inputs} {verb} not valid");
            let help = match self.fields == count {
                true => {
                    "choose fields with `source.text_field`, `source.text_template` and `source.id_field`"
                }
                false if is_batch => {
                    "choose fields with `batch.question_field`, `batch.id_field` and `batch.gold`"
                }
                false => "mend or remove what is listed; ignore files and globs leave files out",
            };
            (JobErrorKind::BadData, message, help)
        } else {
            return Ok(());
        };
        let mut problems = self.missing;
        problems.extend(self.invalid);
        let message = format!("{message}; nothing was sent");
        Err(JobError::new(kind, message).details_of(problems).help(help))
    }
}
