//! A disk that fails at any moment: the run stops with the right exit code, and can be gone on with.
#![cfg(unix)]

use std::process::Command;

use crate::support::{Place, Simulator};

/// Returns the command with a limit on the size of the files that it writes, in KiB. A write beyond
/// it fails, as on a full disk.
fn limited(place: &Place, args: &[&str], kib: u32) -> Command {
    let whole = place.command(args);
    let mut shell = Command::new("sh");
    // A limit that is ignored as a signal is an error of the write. POSIX counts in 512 bytes.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", kib * 2);
    shell.args(["-c", &script, "sh"]).arg(whole.get_program());
    shell.args(whole.get_args()).current_dir(place.path());
    shell.env_clear().stdin(std::process::Stdio::null());
    shell.env("OLLAMA_HOST", "127.0.0.1:9");
    shell
}

#[test]
fn wherever_the_disk_fails_the_run_can_be_gone_on_with() {
    let place = Place::new();
    let rows: Vec<String> = (0..30).map(|n| format!("{{\"text\": \"{n}\"}}")).collect();
    place.write("rows.jsonl", rows.join("\n").as_bytes());
    let simulator = Simulator::start(&place, &[]);
    let mut args = vec!["map-reduce", "rows.jsonl", "--no-reduce", "-q"];
    args.extend(["--concurrency", "1"]);
    args.extend(simulator.args());
    let requests = || simulator.ledger()["requests"].as_u64().unwrap();
    let (_, undisturbed) = place.data(&args);
    let mut codes = Vec::new();
    for kib in (0..1600).step_by(40) {
        let _ = std::fs::remove_dir_all(place.path().join(".patterns"));
        let before = requests();
        let output = limited(&place, &args, kib).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code();
        let paid = requests() - before;
        match code {
            Some(0) => {}
            Some(74) => assert!(said.contains("error[E-IO]"), "{kib} KiB: {said}"),
            _ => panic!("{kib} KiB: {code:?}: {said}"),
        }
        codes.push(code);
        let (code, whole) = place.data(&args);
        assert_eq!((code, &whole), (Some(0), &undisturbed), "{kib} KiB");
        // Everything that was recorded is kept; the call whose record failed is paid for again.
        let again = requests() - before - paid;
        assert!(paid + again <= 31, "{kib} KiB: {paid} calls, then {again}");
        let health = place.data(&["store", "verify"]);
        assert_eq!(health, (Some(0), "good: 30\ndamaged: 0\n".to_owned()));
    }
    // The limits reach from nothing at all to enough.
    assert_eq!((codes[0], codes[codes.len() - 1]), (Some(74), Some(0)));
    let failed = codes.iter().filter(|code| **code == Some(74)).count();
    assert!(failed > 10, "{failed} of {} failed", codes.len());
}
