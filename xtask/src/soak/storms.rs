//! The bad days, and what is hoped for on each.

/// One bad day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storm {
    pub(super) name: &'static str,
    /// What it is, as a scenario of the simulator.
    pub(super) scenario: &'static str,
    /// The share of attempts that fail at random.
    pub(super) fault_share: f64,
    /// Documents a second that the provider allows at most.
    pub(super) allowed: Option<f64>,
    /// Tokens a second that it allows.
    pub(super) allowed_tokens: Option<f64>,
    /// When the provider is down, in seconds.
    pub(super) outage: Option<(u64, u64)>,
    /// Whether all documents can be worked on.
    pub(super) can_complete: bool,
    /// Whether the answers must be those of a calm day.
    pub(super) is_identical: bool,
    /// Whether slow calls are sent a second time.
    pub(super) hedges: bool,
}

const CALM: Storm = Storm {
    name: "calm",
    scenario: "",
    fault_share: 0.0,
    allowed: None,
    allowed_tokens: None,
    outage: None,
    can_complete: true,
    is_identical: true,
    hedges: false,
};

/// One answer in a hundred stops in the middle for a while.
const STRAGGLERS: Storm = Storm {
    name: "stragglers",
    scenario: "[faults]\nstall = 0.01\nstall_for = \"40s\"",
    ..CALM
};

/// Returns all of them.
pub(super) fn all() -> Vec<Storm> {
    [faults_and_limits(), outages_and_more()].concat()
}

fn faults_and_limits() -> Vec<Storm> {
    vec![
        CALM,
        Storm {
            name: "mixed-faults",
            scenario: "[faults]
                rate_limited = 0.01\nserver_error = 0.06\noverloaded = 0.01\nreset = 0.05
                cut = 0.03\nstall = 0.005\nslow_loris = 0.005\nerror_in_200 = 0.03",
            fault_share: 0.2,
            ..CALM
        },
        Storm {
            name: "rpm-told",
            scenario: "[limits]\nrequests_per_minute = 6000\nretry_after = false",
            allowed: Some(100.0),
            ..CALM
        },
        Storm {
            name: "tpm-told",
            scenario: "[limits]\ntokens_per_minute = 3000000\nretry_after = false",
            allowed_tokens: Some(50_000.0),
            ..CALM
        },
        Storm {
            name: "rpm-hints-only",
            scenario: "[limits]\nrequests_per_minute = 6000\nheaders = false",
            allowed: Some(100.0),
            ..CALM
        },
        Storm {
            name: "rpm-silent",
            scenario: "[limits]\nrequests_per_minute = 6000\nheaders = false\nretry_after = false",
            allowed: Some(100.0),
            ..CALM
        },
    ]
}

fn outages_and_more() -> Vec<Storm> {
    vec![
        Storm {
            name: "outage-5-min",
            scenario: "[[outages]]\nfrom = \"15s\"\nto = \"315s\"",
            outage: Some((15, 315)),
            ..CALM
        },
        Storm {
            name: "all-429-minute",
            scenario: "[[outages]]\nfrom = \"15s\"\nto = \"75s\"\nkind = \"429\"",
            outage: Some((15, 75)),
            ..CALM
        },
        STRAGGLERS,
        Storm {
            name: "hedged",
            hedges: true,
            ..STRAGGLERS
        },
        Storm {
            name: "bad-answers",
            scenario: "[faults]\nbroken_json = 0.05\nwrong_schema = 0.05",
            fault_share: 0.1,
            is_identical: false,
            ..CALM
        },
        Storm {
            name: "billing-stop",
            scenario: "[billing]\nafter = 2000",
            can_complete: false,
            ..CALM
        },
    ]
}

/// Returns the one of that name.
pub(super) fn find(name: &str) -> Option<Storm> {
    all().into_iter().find(|storm| storm.name == name)
}
