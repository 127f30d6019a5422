//! Odd surroundings: no home, no temporary directory, few open files. Each is named if it is in the way.
#![cfg(unix)]

use std::process::{Command, Stdio};

use crate::support::{Place, Simulator, shown};

fn place() -> Place {
    Place::with(&[
        ("a.txt", "A harbour is a shelter."),
        ("x.pdf", "%PDF-1.4\n"),
    ])
}

#[test]
fn a_home_that_is_no_directory_has_no_configuration() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    let args = [&["map-reduce", "a.txt", "-q"][..], &simulator.args()].concat();
    for home in ["/dev/null", "/nowhere", "", "relative"] {
        let mut command = place.command(&args);
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        let shown = shown(command.env("HOME", home));
        assert!(shown.starts_with("exit 0\n"), "{home:?}: {shown}");
    }
    assert!(!place.path().join("relative").exists());
}

#[test]
fn a_temporary_directory_that_is_not_there_is_named() {
    let place = place();
    let base = ["map-reduce", "--model", "offline"];
    for more in [&["x.pdf"][..], &["a.txt", "--no-reduce", "-o", "rows.db"]] {
        let mut command = place.command(&[&base[..], more].concat());
        let shown = shown(command.env("TMPDIR", "/nowhere"));
        assert!(!shown.starts_with("exit 0\n"), "{more:?}: {shown}");
        assert!(shown.contains("/nowhere"), "{more:?}: {shown}");
        assert!(shown.contains("\nhelp: "), "{more:?}: {shown}");
    }
}

#[test]
fn where_few_files_may_be_open_that_is_said() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    let whole = place.command(&["map-reduce", "a.txt"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -n 18; exec \"$@\"", "sh"])
        .arg(whole.get_program())
        .args(whole.get_args())
        .args(simulator.args())
        .current_dir(place.path())
        .env_clear()
        .stdin(Stdio::null());
    let shown = shown(&mut shell);
    let few = "warning: only 18 files may be open at once, and a run needs up to 40; see ulimit -n";
    assert!(shown.contains(few), "{shown}");
    assert!(!shown.contains("os error"), "{shown}");
    let whole = shown.starts_with("exit 0\n");
    assert!(
        whole || shown.contains("no file is left to be opened"),
        "{shown}"
    );
}
