//! What is configured, and jobs in files: what holds where both say something.

use insta::assert_snapshot;

use crate::config::Heard;
use crate::support::{Place, Simulator, shown};

#[test]
fn an_argument_of_c_says_who_answers_whatever_a_job_says() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    let job = "pattern = 'vote'\nquestion = 'Well?'\nvotes = 1\n[store]\nmode = 'none'\n\
               [model]\nname = 'compatible:own'\nbase_url = 'http://127.0.0.1:9/v1'\n";
    place.write("job.toml", job.as_bytes());
    let url = format!("run.base_url={}", server.url());
    let words = [
        "run",
        "job.toml",
        "-c",
        &url,
        "-c",
        "run.model=compatible:c",
    ];
    let text = place.run(&words);
    assert!(text.starts_with("exit 0"), "{text}");
    assert_eq!(heard.take()[0].1["model"], "c");
    let text = place.run(&[&words[..], &["-m", "compatible:typed"]].concat());
    assert!(text.starts_with("exit 0"), "{text}");
    assert_eq!(heard.take()[0].1["model"], "typed");
}

#[test]
fn a_job_in_a_file_is_as_quiet_as_is_configured() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    let job = format!(
        "pattern = 'vote'\nquestion = 'Well?'\nvotes = 1\n[store]\nmode = 'none'\n[model]\n\
         name = 'compatible:m'\nbase_url = '{}'\n",
        server.url()
    );
    place.write("job.toml", job.as_bytes());
    let says = |args: &[&str]| {
        let text = place.run(&[&["run", "job.toml"], args].concat());
        text.split_once("--- stderr\n").unwrap().1.to_owned()
    };
    assert!(says(&[]).contains("branches:"));
    assert_eq!(says(&["-c", "run.quiet=true"]), "");
    place.configure("[run]\nquiet = true\n");
    assert_eq!(says(&[]), "");
}

#[test]
fn a_jobs_caps_do_not_raise_those_that_are_configured() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    place.configure("[run]\nmax_calls = 2\nmax_time = '1h'\n");
    let job = format!(
        "pattern = 'vote'\nquestion = 'Well?'\nvotes = 5\npolicy = 'fixed'\n[store]\nmode = 'none'\n\
         [run]\nmax_time = '30m'\n[spend]\nmax_calls = 9\n\
         [model]\nname = 'compatible:m'\nbase_url = '{}'\n",
        server.url()
    );
    place.write("job.toml", job.as_bytes());
    let shown = place.placeless(&place.run(&["run", "job.toml"]));
    assert!(shown.starts_with("exit 5"), "{shown}");
    let warnings: Vec<_> = shown.lines().filter(|it| it.contains("warning")).collect();
    assert_snapshot!(warnings.join("\n"), @"warning: [config]/patterns/config.toml:2: run.max_calls = 2 holds, and not the larger one of the job; --max-calls raises it for this run");
    assert_eq!(heard.take().len(), 2);
    assert!(
        place
            .run(&["run", "job.toml", "--max-calls", "9"])
            .starts_with("exit 0")
    );
    assert_eq!(heard.take().len(), 5, "what is typed may raise it");
    place.configure("[run]\nmax_calls = 9\n");
    place.write(
        "job.toml",
        job.replace("max_calls = 9", "max_calls = 3").as_bytes(),
    );
    let shown = place.run(&["run", "job.toml"]);
    assert!(
        shown.starts_with("exit 5") && !shown.contains("holds"),
        "{shown}"
    );
    assert_eq!(heard.take().len(), 3, "a job may lower it");
}

#[test]
fn a_run_is_known_by_the_model_that_a_short_name_stood_for() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    let fast = |model: &str| {
        let url = server.url();
        place.configure(&format!(
            "[models]\nfast = 'mine:{model}'\n[providers.mine]\nbase_url = '{url}'\n"
        ));
    };
    let vote = [
        "vote", "Well?", "-n", "3", "-m", "fast", "--policy", "fixed",
    ];
    fast("one");
    let capped = [&vote[..], &["--max-calls", "1"]].concat();
    assert!(place.run(&capped).starts_with("exit 5"));
    fast("two");
    let resumed = place.run(&["resume", "1", "--max-calls", "9"]);
    assert!(resumed.starts_with("exit 0"), "{resumed}");
    let models = heard.take().into_iter().map(|it| it.1["model"].clone());
    assert!(models.into_iter().all(|it| it == "one"));
    let another = place.run(&vote);
    assert!(another.starts_with("exit 0"), "{another}");
    let sent = heard.take();
    assert_eq!(sent.len(), 3, "it is another run");
    assert!(sent.iter().all(|it| it.1["model"] == "two"));
}

#[test]
fn a_job_is_completed_by_the_environment_as_what_is_typed_is() {
    let place = Place::with(&[("job.toml", "pattern = 'vote'\nquestion = 'Is it?'\n")]);
    let simulator = Simulator::start(&place, &[]);
    let mut command = place.command(&["run", "job.toml"]);
    command.env("PATTERNS_MODEL", "compatible:sim");
    command.env("PATTERNS_BASE_URL", &simulator.url);
    command.env("PATTERNS_STORE", "mine.db");
    let shown = shown(&mut command);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(
        shown.contains("from PATTERNS_MODEL and PATTERNS_BASE_URL"),
        "{shown}"
    );
    assert!(place.path().join("mine.db").exists());
}
