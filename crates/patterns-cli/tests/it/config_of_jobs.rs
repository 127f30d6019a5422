//! What is configured, and jobs in files: what holds where both say something.

use insta::assert_snapshot;

use crate::config::Heard;
use crate::support::Place;

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
fn a_key_file_of_a_job_beside_a_configured_key_is_an_error() {
    let place = Place::with(&[("key", "sk-job\n"), ("own", "sk-own\n")]);
    let heard = Heard::default();
    let server = heard.server();
    place.configure("[providers.compatible]\nkey_variable = 'MINE'\n");
    let job = format!(
        "pattern = 'vote'\nquestion = 'Well?'\n[store]\nmode = 'none'\n[model]\n\
         name = 'compatible:m'\nbase_url = '{}'\nkey_file = 'key'\n",
        server.url()
    );
    place.write("job.toml", job.as_bytes());
    assert_snapshot!(place.run(&["run", "job.toml", "--trust"]), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: model.key_file (key) has no effect: the key of compatible is configured
    help: leave model.key_file out of the job, or the key out of the configuration
    ");
    assert!(heard.take().is_empty());
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
