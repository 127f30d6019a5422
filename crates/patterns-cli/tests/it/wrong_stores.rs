//! Stores that are none, or that somebody else holds: each command ends with the place, the cause and the next
//! step, and destroys nothing.
#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use crate::signals::Running;
use crate::support::{Place, Simulator};

fn place() -> Place {
    Place::with(&[("a.txt", "A harbour is a shelter.")])
}

/// What is in the place of a store, and what is said of it.
type Wrong = (fn(&Path), &'static str);

#[test]
fn what_is_no_file_is_no_store_and_is_not_waited_for() {
    let wrong: [Wrong; 6] = [
        (|path| fs::create_dir(path).unwrap(), "it is a directory"),
        (
            |path| {
                let made = Command::new("mkfifo").arg(path).status();
                assert!(made.unwrap().success());
            },
            "it is a device, a pipe or the like",
        ),
        (
            |path| symlink("/dev/null", path).unwrap(),
            "it is a device, a pipe or the like",
        ),
        (
            |path| symlink("nowhere.db", path).unwrap(),
            "it is a link to what is not there",
        ),
        (
            |path| symlink("store.db", path).unwrap(),
            "Too many levels of symbolic links",
        ),
        (
            |path| {
                fs::remove_dir(path.parent().unwrap()).unwrap();
                fs::write(path.parent().unwrap(), "mine").unwrap();
            },
            "director",
        ),
    ];
    for (make, words) in wrong {
        let place = place();
        fs::create_dir(place.path().join(".patterns")).unwrap();
        make(&place.path().join(".patterns/store.db"));
        let model = ["--model", "offline", "--store", ".patterns/store.db"];
        let run = [&["map-reduce", "a.txt"][..], &model].concat();
        for args in [&["runs"][..], &["show", "1"], &["store", "verify"], &run] {
            let shown = place.run(args);
            assert!(shown.starts_with("exit 74\n"), "{args:?}: {shown}");
            assert!(shown.contains(words), "{args:?}: {shown}");
            assert!(shown.contains("\nhelp: "), "{args:?}: {shown}");
            assert!(!shown.contains("os error"), "{args:?}: {shown}");
        }
    }
}

#[test]
fn ctrl_c_is_heard_while_somebody_holds_the_store() {
    let place = place();
    let opening = File::create(place.path().join("s.db.opening")).unwrap();
    opening.lock().unwrap();
    let args = [
        "map-reduce",
        "a.txt",
        "--model",
        "offline",
        "--store",
        "s.db",
    ];
    for args in [&args[..], &["store", "import", "a.txt", "--store", "s.db"]] {
        let mut running = Running::of(&mut place.command(args));
        running.wait_for("s.db takes long to open: another process may have it locked");
        running.signal("-INT");
        assert_eq!(running.ended().signal(), Some(2), "{args:?}");
    }
}

#[test]
fn a_record_that_makes_no_sense_ends_every_command_with_a_next_step() {
    let place = place();
    let simulator = Simulator::start(&place, &[]);
    let run = [&["map-reduce", "a.txt", "-q"][..], &simulator.args()].concat();
    assert_eq!(place.data(&run).0, Some(0));
    let tamper = |sql: &str| {
        let store = place.path().join(".patterns/store.db");
        let connection = rusqlite::Connection::open(store).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    tamper(
        "UPDATE runs SET sessions = 9223372036854775807, lost = -1, started = -9223372036854775808",
    );
    for args in [&["runs"][..], &["show", "1"], &["report", "1"]] {
        let shown = place.run(args);
        assert!(shown.starts_with("exit 0\n"), "{args:?}: {shown}");
    }
    tamper("UPDATE runs SET job = 'junk', sessions = 1");
    let shown = place.run(&["resume", "1"]);
    assert!(shown.starts_with("exit 65\n"), "{shown}");
    assert!(shown.contains("help: type its command again"), "{shown}");
    tamper("DROP TABLE calls");
    let plan = [&run[..], &["--dry-run"]].concat();
    for args in [
        &["runs"][..],
        &["show", "1"],
        &["store", "stats"],
        &run,
        &plan,
    ] {
        let shown = place.run(args);
        assert!(shown.starts_with("exit 65\n"), "{args:?}: {shown}");
        assert!(shown.contains("patterns/store.db: "), "{args:?}: {shown}");
        assert!(
            shown.contains("`patterns store verify` says"),
            "{args:?}: {shown}"
        );
    }
    let shown = place.run(&["store", "verify"]);
    assert!(shown.contains("the table calls is not there"), "{shown}");
}
