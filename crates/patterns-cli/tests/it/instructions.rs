//! Instructions that are the text of a file.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn instructions_may_be_the_text_of_a_file() {
    let place = Place::with(&[
        ("a.txt", "Words."),
        ("map.md", "List every error.\nOne a line.\n\n"),
        ("all.md", "Be brief."),
    ]);
    let (_, job) = place.data(&[
        "map-reduce",
        "a.txt",
        "--instructions",
        "@all.md",
        "--map-instructions",
        "@map.md",
        "--reduce-instructions",
        "@@home is a name.",
        "--print-job",
    ]);
    for expected in [
        "instructions = \"Be brief.\"",
        "\nList every error.\nOne a line.\"\"\"",
        "instructions = \"@home is a name.\"",
    ] {
        assert!(job.contains(expected), "{expected} in {job}");
    }
    let (_, job) = place.data(&["vote", "So?", "--instructions", "@all.md", "--print-job"]);
    assert!(job.contains("instructions = \"Be brief.\""), "{job}");
    let section = [
        "section",
        "Tides",
        "--instructions",
        "@all.md",
        "--print-job",
    ];
    assert!(
        place
            .data(&section)
            .1
            .contains("instructions = \"Be brief.\"")
    );
}

#[test]
fn a_file_of_instructions_that_cannot_be_is_named() {
    let place = Place::with(&[("a.txt", "Words."), ("empty.md", " \n"), ("ok.md", "Do.")]);
    place.write("bad.md", b"\xff\xfe\x00");
    let run = |typed: &str| {
        let told = ["--no-reduce", "--map-instructions", typed];
        place.run(&[&["map-reduce", "a.txt", "--model", "offline"][..], &told].concat())
    };
    assert_snapshot!(run("@none.md"), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: --map-instructions @none.md: none.md: No such file or directory
    help: name a file behind the @; a text that begins with @ is written as --map-instructions '@@…'
    ");
    assert_snapshot!(run("@empty.md"), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: --map-instructions @empty.md: there is nothing in the file
    help: name a file behind the @; a text that begins with @ is written as --map-instructions '@@…'
    ");
    assert_snapshot!(run("@"), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --map-instructions @ names no file
    help: name a file behind the @; a text that begins with @ is written as --map-instructions '@@…'
    ");
    assert!(
        run("@bad.md").starts_with("exit 65\n"),
        "{}",
        run("@bad.md")
    );
    let over = [
        "map-reduce",
        "a.txt",
        "--instructions",
        "@ok.md",
        "-o",
        "ok.md",
    ];
    assert_snapshot!(place.run(&[&over[..], &["--model", "offline"]].concat()), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: -o ok.md would overwrite an input
    help: nothing was sent; name a file that is not read, or name it in an .ignore file
    ");
    assert_eq!(place.read("ok.md"), "Do.");
}
