//! Finds a standard output that is closed, where the system can tell: what is written to it is lost.

#[cfg(target_os = "linux")]
use std::path::Path;

/// Rust opens /dev/null in the place of a standard output that is closed, for reading and writing;
/// `> /dev/null` is for writing only. Parents that open it for both and give it to their children as
/// all they have mean to throw everything away, so standard error is looked at as well, and so is who
/// started the command: Python and Node throw away one of the two in this way, and seldom close it.
#[cfg(target_os = "linux")]
pub(crate) fn is_stdout_closed() -> bool {
    let is_null_for_both = |fd: u8| {
        let link = std::fs::read_link(format!("/proc/self/fd/{fd}"));
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}"));
        let flags = info.ok().and_then(|it| {
            let line = it.lines().find_map(|it| it.strip_prefix("flags:"))?;
            u32::from_str_radix(line.trim(), 8).ok()
        });
        link.is_ok_and(|it| it == Path::new("/dev/null")) && flags.is_some_and(|it| it & 3 == 2)
    };
    let parent = std::os::unix::process::parent_id();
    let parent = std::fs::read_link(format!("/proc/{parent}/exe"));
    let throws_away = parent.is_ok_and(|it| opens_null_for_both(&it));
    is_null_for_both(1) && !is_null_for_both(2) && !throws_away
}

/// Returns whether a program opens /dev/null for reading and writing where a child is to say nothing:
/// `subprocess.DEVNULL` of Python, `stdio: "ignore"` of Node.
#[cfg(target_os = "linux")]
fn opens_null_for_both(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let is_python = name.starts_with("python") || name.starts_with("pypy");
    is_python || matches!(&*name, "node" | "deno" | "bun")
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_stdout_closed() -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_shell_closes_what_python_and_node_throw_away() {
        for (program, expected) in [
            ("/usr/bin/python3.11", true),
            ("/usr/local/bin/node", true),
            ("/usr/bin/bash", false),
            ("/usr/lib/nodejs-shell", false),
            ("/", false),
        ] {
            assert_eq!(
                opens_null_for_both(Path::new(program)),
                expected,
                "{program}"
            );
        }
    }
}
