//! The examples, each on its cassette: what they ask has not changed, nor what they make of the
//! answers. `cargo xtask record NAME` records anew.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the program of an example, which cargo builds beside the tests.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let program = built.join("examples").join(name);
    assert!(
        program.exists(),
        "run all tests of the package: cargo builds its examples for them"
    );
    program
}

#[test]
fn every_cassette_gives_the_recorded_output() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cassettes");
    let files = std::fs::read_dir(&folder).unwrap();
    let files = files.map(|it| it.unwrap().path());
    let cassettes: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
        .collect();
    assert!(cassettes.len() >= 8, "{cassettes:?}");
    for cassette in cassettes {
        let name = cassette.file_stem().unwrap().to_str().unwrap();
        let mut example = Command::new(program(name));
        example.env("PATTERNS_REPLAY", &cassette);
        // A replay that asked a provider all the same would fail.
        example.env("PATTERNS_BASE_URL", "http://127.0.0.1:9");
        let output = example.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
        let expected = std::fs::read_to_string(cassette.with_extension("txt")).unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert_eq!(shown, expected, "{name}");
    }
}
