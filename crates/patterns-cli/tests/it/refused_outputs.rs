//! Outputs that are refused by name before anything is sent: what a run reads, another output, a part of the store,
//! and names that cannot be.
#![cfg(unix)]

use std::fs;

use crate::support::{Place, Simulator, shown};

#[test]
fn two_outputs_are_two_files_and_none_is_what_the_run_needs() {
    let place = Place::with(&[
        ("docs/a.txt", "A shelter."),
        ("old.txt", "old"),
        ("patterns.toml", "[run]\nseed = 1\n"),
        (
            "job.toml",
            "pattern = \"map-reduce\"\ninputs = [\"docs\"]\n",
        ),
        ("key", "secret"),
    ]);
    place.configure("[providers.openai]\nkey_file = \"key\"\n");
    place.configure_beside("key", "secret");
    fs::hard_link(place.path().join("old.txt"), place.path().join("too.txt")).unwrap();
    let simulator = Simulator::start(&place, &[]);
    let paid = [&["map-reduce", "docs", "-q"][..], &simulator.args()].concat();
    assert_eq!(place.data(&paid).0, Some(0));
    let base = ["map-reduce", "docs", "--model", "offline"];
    let set = "providers.compatible.key_file=key";
    let both = "both name";
    let input = "would overwrite an input";
    let store = "is a part of the store";
    for (args, words) in [
        (&["-o", "new.txt", "--events", "new.txt"][..], both),
        (&["-o", "new.txt", "--events", "./docs/../new.txt"], both),
        (&["-o", "old.txt", "--events", "too.txt"], both),
        (&["-o", "patterns.toml"], input),
        (&["--events", "./patterns.toml"], input),
        (&["-c", set, "-o", "key"], input),
        (&["-c", "restate.key_file=key", "-o", "key"], input),
        (&["-o", ".patterns/store.db"], "is the store"),
        (&["-o", ".patterns/store.db-wal"], store),
        (&["--events", ".patterns/store.db.opening"], store),
    ] {
        let shown = place.run(&[&base[..], args].concat());
        assert!(shown.starts_with("exit 2\n"), "{args:?}: {shown}");
        assert!(shown.contains(words), "{args:?}: {shown}");
    }
    let shown = place.run(&["run", "job.toml", "-o", "job.toml", "--trust"]);
    assert!(shown.starts_with("exit 2\n"), "{shown}");
    assert!(shown.contains(input), "{shown}");
    for file in [".patterns/store.db", ".patterns/store.db-wal"] {
        let shown = place.run(&["report", "1", "-o", file]);
        assert!(shown.starts_with("exit 2\n"), "{file}: {shown}");
    }
    assert_eq!(place.data(&["store", "verify"]).0, Some(0));
    // What is thrown away may be thrown away twice.
    let shown = place.run(&[&base[..], &["-o", "/dev/null", "--events", "/dev/null"]].concat());
    assert!(shown.starts_with("exit 0\n"), "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_cannot_be_recorded_is_refused_by_name() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::with(&[("a.txt", "A harbour is a shelter.")]);
    let name = std::ffi::OsStr::from_bytes(b"a\xff.txt");
    for args in [&["map-reduce", "a.txt", "-o"][..], &["map-reduce"]] {
        let mut command = place.command(args);
        let shown = shown(command.arg(name));
        assert!(shown.starts_with("exit 2\n"), "{shown}");
        let words = r#"the name "a\xFF.txt" is not UTF-8"#;
        assert!(shown.contains(words), "{shown}");
    }
    let shown = place.run(&["map-reduce", "a.txt", "-o", "new/"]);
    assert!(shown.contains("it is named as a directory"), "{shown}");
    assert!(!place.path().join("new").exists());
}
