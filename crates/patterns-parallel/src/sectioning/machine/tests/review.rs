//! What is written again after a review, and what is said of it.

use super::*;

fn reviewed(issues: &[(&str, &str)]) -> BranchEnd<Done<String, String>> {
    let issues = issues.iter().map(|(section, issue)| Issue {
        section: (*section).to_owned(),
        issue: (*issue).to_owned(),
        fix: "Mend it.".to_owned(),
    });
    BranchEnd::Answered(Done::Review(Review {
        issues: issues.collect(),
    }))
}

/// Has sections written with these texts.
fn write(piece: &mut Piece<'_>, texts: &[&str]) {
    for (id, text) in (0..).zip(texts) {
        next(piece, id);
        end(piece, id, StepRole::Section, written(text));
    }
}

#[test]
fn only_what_a_review_names_is_written_again_and_at_most_twice() {
    let pattern = pattern(["a", "b", "c"]).reviewed(silent(), &AgentOptions::default());
    let options = RunOptions::default();
    let mut it = begin(&pattern, &options);
    write(&mut it, &["text 0", "text 1", "text 2"]);
    assert!(it.next_row().is_none(), "it may be written again");
    let read = r#"review of ["a", "b", "c"]"#;
    assert_eq!([3, 4].map(|id| next(&mut it, id)), [read, "pending"]);
    let issues = [("b", "a says otherwise"), ("b", "dull")];
    end(&mut it, 3, StepRole::Review, reviewed(&issues));
    let (label, task) = next_section(&mut it, 4);
    let revision = task.revision.unwrap();
    let told = (
        label.as_str(),
        revision.text.as_str(),
        revision.changes.len(),
    );
    assert_eq!(told, ("b (again)", "\"text 1\"", 2));
    assert_eq!(next(&mut it, 5), "pending");
    end(&mut it, 4, StepRole::Rewrite, written("better"));
    assert_eq!(next(&mut it, 5), read);
    end(
        &mut it,
        5,
        StepRole::Review,
        reviewed(&[("b", "still dull"), ("c", "dull")]),
    );
    let again = [6, 7, 8].map(|id| next(&mut it, id));
    assert_eq!(again, ["b (again, twice)", "c (again)", "pending"]);
    end(&mut it, 7, StepRole::Rewrite, failed());
    assert_eq!(next(&mut it, 8), "pending");
    end(&mut it, 6, StepRole::Rewrite, written("best"));
    assert_eq!(
        next(&mut it, 8),
        r#"synthesis of ["text 0", "best", "text 2"] without []"#
    );
    let rows = std::iter::from_fn(|| it.next_row());
    let rows: Vec<String> = rows.filter_map(|it| it.value().cloned()).collect();
    assert_eq!(rows, ["text 0", "best", "text 2"]);
    let told = it.outcome(None).warnings.into_iter();
    let told: Vec<String> = told.map(|it| it.message).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "b" was written again: a says otherwise (Mend it.); dull (Mend it.)
    "c" could not be written again and stays as it was: dull (Mend it.)
    "b" was written again: still dull (Mend it.)
    "#);
}

#[test]
fn what_one_round_asked_for_in_vain_is_not_made_by_the_next() {
    let pattern = pattern(["a", "b"]).reviewed(silent(), &AgentOptions::default());
    let options = RunOptions::default();
    let mut it = begin(&pattern, &options);
    write(&mut it, &["text", "text"]);
    next(&mut it, 2);
    let both = [("a", "dull"), ("b", "dear")];
    end(&mut it, 2, StepRole::Review, reviewed(&both));
    assert_eq!(
        [3, 4].map(|id| next(&mut it, id)),
        ["a (again)", "b (again)"]
    );
    end(&mut it, 3, StepRole::Rewrite, failed());
    end(&mut it, 4, StepRole::Rewrite, written("better"));
    next(&mut it, 5);
    end(&mut it, 5, StepRole::Review, reviewed(&[("a", "long")]));
    next(&mut it, 6);
    end(&mut it, 6, StepRole::Rewrite, written("short"));
    let changes = it.machine.rounds.iter().flatten();
    let changes: Vec<_> = changes.map(|it| (&*it.issue, it.is_made)).collect();
    assert_eq!(changes, [("dull", false), ("dear", true), ("long", true)]);
}

#[test]
fn what_is_said_twice_is_one_thing_and_what_a_rewrite_has_lost_is_said() {
    let pattern = pattern(["a", "b", "c"]).reviewed(silent(), &AgentOptions::default());
    let options = RunOptions::default();
    let mut it = begin(&pattern, &options);
    let text = "five words of a text";
    write(&mut it, &[text, text, "港口很深，水很清。"]);
    next(&mut it, 3);
    let issues = [("a", "dull"), ("a", "dull"), ("b", "long"), ("c", "deep")];
    end(&mut it, 3, StepRole::Review, reviewed(&issues));
    let (_, task) = next_section(&mut it, 4);
    assert_eq!(task.revision.unwrap().changes.len(), 1);
    assert_eq!(
        [5, 6].map(|id| next(&mut it, id)),
        ["b (again)", "c (again)"]
    );
    for (id, text) in [(4, "a word"), (5, "three words now"), (6, "深。")] {
        end(&mut it, id, StepRole::Rewrite, written(text));
    }
    let told = it.outcome(Some(Stop::Drained)).warnings.into_iter();
    let told: Vec<String> = told.map(|it| it.message).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "a" was written again: dull (Mend it.); it is 38 % as long as it was
    "b" was written again: long (Mend it.)
    "c" was written again: deep (Mend it.); it is 36 % as long as it was
    "#);
}

#[test]
fn a_review_that_fails_or_finds_nothing_leaves_the_sections_as_they_are() {
    for ended in [failed(), reviewed(&[])] {
        let pattern = pattern(["a", "b"]).reviewed(silent(), &AgentOptions::default());
        let options = RunOptions::default();
        let mut it = begin(&pattern, &options);
        write(&mut it, &["text", "text"]);
        next(&mut it, 2);
        end(&mut it, 2, StepRole::Review, ended);
        assert_eq!(
            next(&mut it, 3),
            r#"synthesis of ["text", "text"] without []"#
        );
    }
}
