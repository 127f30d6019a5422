//! The models that are known.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn models_are_listed_with_what_is_configured_in_place_of_the_table() {
    let place = Place::new();
    assert_snapshot!(place.run(&["models", "GPT-6", "luna"]), @r"
    exit 0
    --- stdout
    model              reads  writes  in    cached  write  out   flex in/out  ends        takes
    azure:gpt-6-luna   922k   128k    0.1*  0.01    0.125  0.5*  0.05/0.25    2028-03-11  schema image pdf reasoning
    openai:gpt-6-luna  922k   128k    0.1*  0.01    0.125  0.5*  0.05/0.25    -           schema image pdf reasoning

    2 models; tokens, and dollars per million tokens, as of 2026-11-27; * more for long inputs (--output json)
    --- stderr
    ");
    let window = "providers.openai.context_window=9000";
    let price = "providers.openai.prices.\"gpt-6-*\"={input=1,output=2}";
    let args = ["models", "openai:gpt-6-luna", "-c", window, "-c", price];
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    model              reads  writes  in  cached  write  out  flex in/out  ends  takes
    openai:gpt-6-luna  9000   128k    1   -       -      2    -            -     schema image pdf reasoning

    1 model; tokens, and dollars per million tokens, as of 2026-11-27
    --- stderr
    ");
}

#[test]
fn all_that_is_known_of_a_model_is_in_its_object() {
    let place = Place::new();
    let args = ["models", "claude-haiku-5-5", "--output", "json"];
    assert_snapshot!(place.run(&args), @r#"
    exit 0
    --- stdout
    {"model":"anthropic:claude-haiku-5-5","context_window":1000000,"max_output_tokens":128000,"price":{"input":"0.1","cached_input":"0.01","cache_write":"0.125","output":"0.5","long":{"above":100000,"input":"0.5","cached_input":"0.05","cache_write":"0.625","output":"2.5"}},"flex":null,"batch":{"input":"0.05","cached_input":"0.005","cache_write":"0.0625","output":"0.25","long":{"above":100000,"input":"0.25","cached_input":"0.025","cache_write":"0.3125","output":"1.25"}},"cache_write_1h":"0.2","efforts":["xhigh","max"],"takes":["schema","image","pdf","reasoning"],"lacks":["sampling"],"ends":null,"as_of":"2026-11-27"}
    --- stderr
    "#);
}

#[test]
fn a_name_that_is_not_known_is_answered_with_the_nearest() {
    let place = Place::new();
    assert_snapshot!(place.run(&["models", "gpt5-mini"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: no known model has "gpt5-mini" in its name
    help: did you mean gpt-5-mini? `patterns models` lists all of them
    "#);
    assert_snapshot!(place.run(&["models", "zzzz"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: no known model has "zzzz" in its name
    help: `patterns models` lists all of them; any other model can be asked as well, by PROVIDER:MODEL, and its price and context_window be set in [providers.NAME]
    "#);
}
