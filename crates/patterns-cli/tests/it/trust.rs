//! What the configuration of a project may not do before its user has looked at it.

use std::fs;

use insta::assert_snapshot;

use crate::config::{Heard, VOTE, vote};
use crate::support::{Place, Server, shown};

#[test]
fn a_project_that_comes_with_a_clone_sends_no_key_elsewhere() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    let run = |place: &Place| {
        let mut command = place.command(&[&VOTE[..], &["-m", "openai:gpt-5-mini"]].concat());
        command.env("OPENAI_API_KEY", "sk-canary");
        shown(&mut command)
    };
    for (text, key) in [
        (
            format!("[providers.openai]\nbase_url = '{}'\n", server.url()),
            "providers.openai.base_url",
        ),
        (
            format!("[run]\nbase_url = '{}'\n", server.url()),
            "run.base_url",
        ),
        (
            "[providers.openai]\nkey_command = 'touch stolen'\n".to_owned(),
            "providers.openai.key_command",
        ),
        (
            "[providers.openai]\nkey_variable = 'HOME'\n".to_owned(),
            "providers.openai.key_variable",
        ),
        (
            "[run]\nproxy = 'http://127.0.0.1:9'\n".to_owned(),
            "run.proxy",
        ),
        ("[run]\nstore = '../../x.db'\n".to_owned(), "run.store"),
        ("[run]\nhedge = true\n".to_owned(), "run.hedge"),
        ("[vote]\nspare = 9\n".to_owned(), "vote.spare"),
    ] {
        place.write("patterns.toml", text.as_bytes());
        let shown = run(&place);
        assert!(shown.starts_with("exit 78"), "{key}: {shown}");
        assert!(
            shown.contains(&format!("patterns.toml:2: {key} = ")),
            "{key}: {shown}"
        );
        assert!(
            shown.contains("`patterns config trust` remembers it"),
            "{key}: {shown}"
        );
    }
    // A list has no keys that could be looked at.
    for text in [
        format!("run = ['compatible:m', [], '{}']\n", server.url()),
        format!("[[run]]\nbase_url = '{}'\n", server.url()),
        format!("providers.openai = ['openai', '{}']\n", server.url()),
    ] {
        place.write("patterns.toml", text.as_bytes());
        let shown = run(&place);
        assert!(shown.starts_with("exit 78"), "{text}: {shown}");
        assert!(
            shown.contains("expected a table, not a list"),
            "{text}: {shown}"
        );
    }
    assert!(heard.take().is_empty() && !place.path().join("stolen").exists());
}

#[test]
fn a_project_may_lower_the_caps_of_its_user_and_not_raise_them() {
    let place = Place::new();
    place.configure("[run]\nmax_cost = 2.5\nmax_calls = 5\nmax_time = '5m'\n");
    place.write(
        "patterns.toml",
        b"[run]\nmax_cost = 1000\nmax_calls = 3\nmax_time = '10m'\nmax_tokens = 9\n",
    );
    assert_snapshot!(place.placeless(&place.run(&["config", "show"])), @r#"
    exit 0
    --- stdout
    run.max_calls = 3  # patterns.toml:3
    run.max_cost = 2.5  # [config]/patterns/config.toml:2
    run.max_time = "5m"  # [config]/patterns/config.toml:4
    run.max_tokens = 9  # patterns.toml:5
    --- stderr
    warning: patterns.toml:2: run.max_cost = 1000 does not hold: your own file has a smaller one
    warning: patterns.toml:4: run.max_time = "10m" does not hold: your own file has a smaller one
    "#);
    let typed = place.run(&["vote", "?", "--max-cost", "7", "--print-job"]);
    assert!(typed.contains("max_cost = \"7\""), "{typed}");
}

#[test]
fn a_trusted_project_holds_until_it_changes() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    let text = format!(
        "[run]\nmodel = 'fast'\n\n[models]\nfast = 'mine:m'\n\n[providers.mine]\nbase_url = '{}'\n",
        server.url()
    );
    place.write("patterns.toml", text.as_bytes());
    fs::create_dir(place.path().join("below")).unwrap();
    assert_snapshot!(vote(&place, &[]), @r#"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: patterns.toml says where your inputs and keys go, or what is paid for, and is not trusted yet
      patterns.toml:8: providers.mine.base_url = "http://[server]/v1"
    help: if you trust that, `patterns config trust` remembers it as it is now
    "#);
    assert_snapshot!(place.run(&["config", "show"]), @r#"
    exit 0
    --- stdout
    models.fast = "mine:m"  # patterns.toml:5
    run.model = "fast"  # patterns.toml:2
    --- stderr
    not trusted, so it does not hold: providers.mine.base_url = "http://[server]/v1"  # patterns.toml:8
    "#);
    assert_snapshot!(place.run(&["config", "trust"]), @r#"
    exit 0
    --- stdout
    --- stderr
    patterns.toml is trusted, as it is now, with:
      providers.mine.base_url = "http://[server]/v1"
    "#);
    let mut command = place.command(&VOTE);
    command.current_dir(place.path().join("below"));
    assert_snapshot!(shown(&mut command), @r"
    exit 0
    --- stdout
    yes (1 of 1 vote, 100 %)
        1  yes

    voter 1: yes
    --- stderr
    model: compatible:m@http://[server]/v1 (from ../patterns.toml:2)
    branches: 1 started = 1 answered + 0 failed + 0 cancelled · calls 1 · attempts 1 · tokens 10 in, 5 out · [time]
    ");
    assert_eq!(heard.take().len(), 1);
    let named = vote(&place, &["-m", "fast"]);
    assert!(
        named.contains("(from models.fast in patterns.toml:5)"),
        "{named}"
    );
    // What is not about where things go may change.
    place.write(
        "patterns.toml",
        format!("{text}\n[map_reduce]\nfan_in = 3\n").as_bytes(),
    );
    assert!(vote(&place, &[]).starts_with("exit 0"));
    place.write(
        "patterns.toml",
        format!("{text}key_command = 'x'\n").as_bytes(),
    );
    assert!(vote(&place, &[]).starts_with("exit 78"));
}

/// Runs a command with a key of each provider, whose usual servers are `elsewhere`.
fn with_keys(place: &Place, args: &[&str], elsewhere: &Server) -> String {
    let mut command = place.command(args);
    for name in ["OPENAI", "ANTHROPIC", "GEMINI"] {
        command.env(format!("{name}_API_KEY"), "sk-canary");
    }
    for name in ["OPENAI", "ANTHROPIC", "GOOGLE_GEMINI"] {
        command.env(format!("{name}_BASE_URL"), elsewhere.url());
    }
    shown(&mut command)
}

#[test]
fn a_server_that_is_configured_for_all_draws_no_key_of_another_provider() {
    let place = Place::new();
    let (mine, usual) = (Heard::default(), Heard::default());
    let (server, elsewhere) = (mine.server(), usual.server());
    let asked = |more: &[&str]| with_keys(&place, &[&VOTE[..], more].concat(), &elsewhere);
    place.configure(&format!("[run]\nbase_url = '{}'\n", server.url()));
    for model in ["anthropic:m", "openai:m", "gemini:m"] {
        asked(&["-m", model]);
        assert!(mine.take().is_empty(), "{model}");
        assert!(usual.take()[0].0.contains("sk-canary"), "{model}");
    }
    asked(&["-m", "compatible:m"]);
    let heads = mine.take();
    assert_eq!(heads.len(), 1, "it is for servers that have no usual one");
    assert!(!heads[0].0.contains("sk-canary"), "{heads:?}");
    // Whoever names the model in the same place means that model, and no other.
    place.configure(&format!(
        "[run]\nmodel = 'openai:m'\nbase_url = '{}'\n",
        server.url()
    ));
    asked(&[]);
    assert_eq!(mine.take().len(), 1);
    asked(&["-m", "anthropic:m"]);
    assert!(mine.take().is_empty());
    place.configure("[run]\nmodel = 'openai:m'\n");
    let mut command = place.command(&VOTE);
    command
        .env("PATTERNS_BASE_URL", server.url())
        .env("OPENAI_BASE_URL", elsewhere.url())
        .env("OPENAI_API_KEY", "sk-canary");
    shown(&mut command);
    assert!(mine.take().is_empty(), "set in two places");
}

#[test]
fn a_server_that_is_typed_is_for_the_providers_of_a_panel_that_have_none() {
    let place = Place::new();
    let (mine, usual) = (Heard::default(), Heard::default());
    let (server, elsewhere) = (mine.server(), usual.server());
    let asked = |models: [&str; 2]| {
        let args = ["vote", "Well?", "--no-store", "--policy", "fixed"];
        let panel = ["--panel", models[0], "--panel", models[1]];
        let base = ["--base-url", server.url()];
        with_keys(&place, &[&args[..], &panel, &base].concat(), &elsewhere)
    };
    asked(["openai:a", "openai:b"]);
    assert_eq!(mine.take().len(), 2, "one provider is what was meant");
    asked(["compatible:a", "anthropic:b"]);
    let heads = mine.take();
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert!(!heads[0].0.contains("sk-canary"), "{heads:?}");
    usual.take();
    assert_snapshot!(asked(["openai:a", "anthropic:b"]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --base-url is for one provider, and openai and anthropic are asked
    help: for one run, -c providers.openai.base_url=URL says another one
    ");
    assert!(mine.take().is_empty() && usual.take().is_empty());
}

#[test]
fn a_job_that_comes_with_a_clone_is_asked_about_before_a_key_goes_anywhere() {
    let place = Place::new();
    let job = |more: &str| format!("pattern = 'vote'\nquestion = 'Well?'\nvotes = 1\n{more}");
    let with = |more: &str, args: &[&str]| {
        place.write("clone/job.toml", job(more).as_bytes());
        let words = [&["run", "clone/job.toml"], args].concat();
        let mut command = place.command(&words);
        command
            .env("PATTERNS_API_KEY", "sk-canary")
            .env("NO_PROXY", "*");
        shown(&mut command)
    };
    let model = "[model]\nname = 'compatible:m'\n";
    let far = format!("{model}base_url = 'http://h.invalid/v1'\n");
    assert_snapshot!(with(&far, &[]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: clone/job.toml says where your key goes, or writes elsewhere, and nobody can be asked
      it sends your inputs and your API key to: http://h.invalid/v1
    help: if you trust all of it, add --trust; it is then remembered
    ");
    for (more, said) in [
        ("proxy = 'http://h.invalid'\n", "it sends all of it through"),
        ("[output]\nfile = '../x'\n", "it writes, outside its folder"),
        ("[output]\nevents = '/x'\n", "it writes, outside its folder"),
        ("[store]\nfile = '../x'\n", "it writes, outside its folder"),
    ] {
        let shown = with(&format!("{model}{more}"), &[]);
        assert!(shown.contains(said), "{more}: {shown}");
    }
    // What is only printed sends nothing, and what is typed is the user's own.
    assert!(with(&far, &["--print-job"]).starts_with("exit 0"));
    let heard = Heard::default();
    let server = heard.server();
    let typed = with(&far, &["--base-url", server.url()]);
    assert!(typed.starts_with("exit 0"), "{typed}");
    // A server of this machine needs no trust, and is named.
    let near = format!("{model}base_url = '{}'\n", server.url());
    let shown = with(&near, &[]);
    let said = "model: compatible:m@http://[server]/v1 (from model.base_url in clone/job.toml)";
    assert!(
        shown.starts_with("exit 0") && shown.contains(said),
        "{shown}"
    );
}

#[test]
fn a_job_is_trusted_until_it_changes() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    let elsewhere = tempfile::tempdir().unwrap();
    let job = |name: &str| {
        format!(
            "pattern = 'vote'\nquestion = 'Well?'\nvotes = 1\n[store]\nmode = 'none'\n[model]\n\
             name = 'compatible:m'\nbase_url = '{}'\n[output]\nfile = '{}'\n",
            server.url(),
            elsewhere.path().join(name).display(),
        )
    };
    place.write("job.toml", job("one").as_bytes());
    assert!(place.run(&["run", "job.toml"]).starts_with("exit 2"));
    assert!(
        place
            .run(&["run", "job.toml", "--trust"])
            .starts_with("exit 0")
    );
    assert!(place.run(&["run", "job.toml"]).starts_with("exit 0"));
    place.write("job.toml", job("two").as_bytes());
    assert!(place.run(&["run", "job.toml"]).starts_with("exit 2"));
    assert_eq!(heard.take().len(), 2);
}

#[test]
fn a_project_names_no_program_and_no_script_of_its_own_to_print_a_key() {
    let place = Place::new();
    place.write(
        "patterns.toml",
        b"[providers.x]\nbase_url = 'http://h/v1'\nkey_command = './get-key now'\n",
    );
    assert_snapshot!(place.run(&["config", "trust"]), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: patterns.toml:3: providers.x.key_command runs or reads ./get-key, a file beside this one that may change
    help: name a program of PATH that needs no file of the project, or set the key in your own file
    ");
    place.write("tools/get.sh", b"echo sk-stolen\n");
    let whole = place.path().join("tools/get.sh");
    for command in [
        "sh ./tools/get.sh",
        "sh tools/get.sh",
        "sh -c '. tools/get.sh; true'",
        "env -S sh\\ tools/get.sh",
        &format!("{}", whole.display()),
        &format!("python3 --file={}", whole.display()),
    ] {
        let text = format!("[providers.x]\nbase_url = 'http://h/v1'\nkey_command = {command:?}\n");
        place.write("patterns.toml", text.as_bytes());
        let shown = place.run(&["config", "trust"]);
        assert!(
            shown.contains("a file beside this one that may change"),
            "{command}: {shown}"
        );
    }
    for command in [
        "op read op://vault/item/field",
        "pass show tools",
        "cat /etc/hostname",
    ] {
        let text = format!("[providers.x]\nbase_url = 'http://h/v1'\nkey_command = {command:?}\n");
        place.write("patterns.toml", text.as_bytes());
        let shown = place.run(&["config", "trust"]);
        assert!(shown.starts_with("exit 0"), "{command}: {shown}");
    }
}

#[test]
fn an_empty_table_of_a_project_takes_nothing_of_its_user_away() {
    let place = Place::new();
    place.write("patterns.toml", b"[run]\n[store]\n[models]\n");
    place.configure("run.max_calls = 3\nstore.prompts = false\nmodels.fast = 'offline'\n");
    let shown = place.run(&["config", "show"]);
    for key in ["run.max_calls = 3", "store.prompts = false", "models.fast"] {
        assert!(shown.contains(key), "{key}: {shown}");
    }
}
