//! Reads PDF, DOCX, HTML and Parquet files and mails in processes of this same command, which end before
//! they do harm: a PDF of 600 bytes can overflow the stack, or take gigabytes or for ever.
//!
//! A process sets its own limits before it looks at the file: memory, processor time without a word, and
//! a stack of its own. It has no environment, so no keys, may write no file, and is in a group of its
//! own, so that Ctrl-C lets it finish what it reads. Whatever ends it, the document is the one that
//! failed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use patterns_source::{Isolated, Isolation, Limits, Task, read_isolated, temporary};

use crate::args::ReadDocument;

/// Memory beside four times the size of the file.
const MEMORY: u64 = 512 << 20;

/// Seconds of processor time without a word, beside [`SECONDS_PER_MB`].
const SECONDS: u64 = 20;
const SECONDS_PER_MB: u64 = 10;
const MOST_SECONDS: u64 = 300;

/// The stack of the thread that reads.
const STACK: usize = 16 << 20;

/// Starts this command again for each file.
#[derive(Debug)]
pub(crate) struct Processes {
    command: PathBuf,
}

impl Processes {
    /// Finds the command that is running; `None` if the system does not tell.
    pub(crate) fn of_this_command() -> Option<Self> {
        // Without /proc Linux does not tell, but the name by which it was called may.
        let called = || std::env::args_os().next().map(PathBuf::from);
        let called = || called().filter(|it| it.components().nth(1).is_some());
        let command = std::env::current_exe().ok().or_else(called)?;
        Some(Self {
            command: std::path::absolute(command).ok()?,
        })
    }
}

impl Isolation for Processes {
    fn start(&self, file: File, task: Task) -> io::Result<Isolated> {
        let size = file.metadata().map_or(0, |it| it.len());
        let mut command = Command::new(&self.command);
        command.arg("read-document").arg(task.format.name());
        let Limits {
            document,
            file: whole,
            attachment,
            ratio,
        } = task.limits;
        for limit in [document, whole, attachment, ratio] {
            command.arg(limit.to_string());
        }
        if let Some(encoding) = task.encoding {
            command.arg(encoding.to_string());
        }
        // What the system says of its end goes to a file that is gone when this is done.
        let words = temporary()?;
        command
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(words.try_clone()?);
        #[cfg(unix)]
        {
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
            command.env_clear();
        }
        let mut child = command.spawn()?;
        let Some(output) = child.stdout.take() else {
            return Err(io::Error::other("there is no pipe"));
        };
        let process = Process(child);
        let end = move || process.end(words, size);
        Ok(Isolated {
            output: Box::new(output),
            end: Box::new(end),
        })
    }
}

/// A process that does not outlive its reader.
struct Process(Child);

impl Process {
    fn end(mut self, mut words: File, size: u64) -> Option<String> {
        let status = self.0.wait().ok()?;
        let mut said = String::new();
        let read = words.seek(SeekFrom::Start(0));
        let read = read.and_then(|_| words.take(1 << 16).read_to_string(&mut said));
        reason(status, read.map_or("", |_| &said), size)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns why a process ended that should have said something.
fn reason(status: ExitStatus, said: &str, size: u64) -> Option<String> {
    if status.success() {
        return None;
    }
    if said.contains("memory allocation of") {
        let memory = memory(size) >> 20;
        return Some(format!("needs more than {memory} MB to be read"));
    }
    if said.contains("overflowed its stack") {
        return Some("is nested too deep to be read".to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;

        const SIGXCPU: i32 = 24;
        if status.signal() == Some(SIGXCPU) {
            let seconds = seconds(size);
            return Some(format!("takes more than {seconds} s to be read"));
        }
    }
    Some(format!("ended the process that read it ({status})"))
}

fn memory(size: u64) -> u64 {
    MEMORY.saturating_add(size.saturating_mul(4))
}

fn seconds(size: u64) -> u64 {
    (SECONDS + (size >> 20) * SECONDS_PER_MB).min(MOST_SECONDS)
}

/// Reads standard input as a document, in the process that was started for it.
///
/// # Errors
///
/// Returns an error if it cannot be read, or what it says cannot be written.
pub(crate) fn read_document(args: &ReadDocument) -> io::Result<()> {
    // Panics of readers are the fault of files; what they say is hostile, and nobody is to see it.
    std::panic::set_hook(Box::new(|_| {}));
    let file = stdin_file()?;
    let size = file.metadata().map_or(0, |it| it.len());
    limits::set(memory(size), seconds(size))?;
    let task = args.task();
    let output = limits::Lively::new(io::stdout(), seconds(size));
    let read = move || read_isolated(file, task, output);
    let thread = std::thread::Builder::new().stack_size(STACK);
    let read = thread.spawn(read)?.join();
    read.unwrap_or_else(|_| Err(io::Error::other("the reader panicked")))
}

#[cfg(unix)]
fn stdin_file() -> io::Result<File> {
    use std::os::fd::AsFd;

    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn stdin_file() -> io::Result<File> {
    use std::os::windows::io::AsHandle;

    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

/// What this process may use.
#[cfg(unix)]
mod limits {
    use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};

    use super::{Write, io};

    /// Bytes of files that may be written: what the system says when it ends this process.
    const WRITTEN: u64 = 1 << 16;

    pub(super) fn set(memory: u64, seconds: u64) -> io::Result<()> {
        lower(Resource::RLIMIT_CORE, 0)?;
        lower(Resource::RLIMIT_FSIZE, WRITTEN)?;
        lower(Resource::RLIMIT_DATA, memory)?;
        // Where the other is not heeded; the program itself is mapped as well.
        #[cfg(not(target_os = "linux"))]
        lower(Resource::RLIMIT_AS, memory.saturating_add(4 << 30))?;
        time(seconds)
    }

    fn lower(resource: Resource, limit: u64) -> io::Result<()> {
        let (_, hard) = getrlimit(resource)?;
        Ok(setrlimit(resource, limit.min(hard), hard)?)
    }

    /// Allows so many more seconds of processor time from now on.
    fn time(seconds: u64) -> io::Result<()> {
        let used = getrusage(UsageWho::RUSAGE_SELF)?;
        let used = used.user_time().tv_sec() + used.system_time().tv_sec();
        let used = u64::try_from(used).unwrap_or(0);
        lower(Resource::RLIMIT_CPU, used + seconds)
    }

    /// An output with each word of which time begins anew: a file of many rows takes long and is well.
    pub(super) struct Lively<W> {
        output: W,
        seconds: u64,
    }

    impl<W> Lively<W> {
        pub(super) fn new(output: W, seconds: u64) -> Self {
            Self { output, seconds }
        }
    }

    impl<W: Write> Write for Lively<W> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            time(self.seconds)?;
            self.output.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.output.flush()
        }
    }
}

/// What this process may use: the stack of its reader is the only limit that this system has.
#[cfg(not(unix))]
mod limits {
    use super::{Write, io};

    pub(super) fn set(_: u64, _: u64) -> io::Result<()> {
        Ok(())
    }

    pub(super) struct Lively<W>(W);

    impl<W> Lively<W> {
        pub(super) fn new(output: W, _: u64) -> Self {
            Self(output)
        }
    }

    impl<W: Write> Write for Lively<W> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn every_ending_has_a_reason() {
        let check = |status: i32, said: &str, expected: Option<&str>| {
            let reason = reason(ExitStatus::from_raw(status), said, 1 << 20);
            assert_eq!(reason.as_deref(), expected, "{status} {said}");
        };
        check(0, "", None);
        check(
            6,
            "memory allocation of 9 bytes failed",
            Some("needs more than 516 MB to be read"),
        );
        check(
            6,
            "thread has overflowed its stack",
            Some("is nested too deep to be read"),
        );
        check(24, "", Some("takes more than 30 s to be read"));
        check(
            9,
            "",
            Some("ended the process that read it (signal: 9 (SIGKILL))"),
        );
    }
}
