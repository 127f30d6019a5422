//! An authentication log of an SSH server, made up by a seed, and what a reader makes of its lines.

use serde_json::{Value, json};

const HOSTS: [&str; 6] = [
    "203.0.113.7",
    "203.0.113.77",
    "198.51.100.2",
    "198.51.100.23",
    "192.0.2.146",
    "2001:db8::7",
];
const USERS: [&str; 5] = ["root", "deploy", "ann", "admin", "from"];

/// Makes up the lines of a log.
pub(crate) fn auth_log(seed: u64, lines: u64) -> Vec<String> {
    let mut state = seed;
    // Knuth's linear congruential generator (MMIX); its high bits are good enough here.
    let mut draw = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let line = |n: u64| {
        let (minute, second) = (n / 40 % 60, n % 40);
        let (pid, port) = (1_000 + draw(9_000), 1_024 + draw(60_000));
        let (host, user) = (HOSTS[draw(6).min(draw(6))], USERS[draw(5)]);
        let said = match draw(10) {
            0..4 => format!("Failed password for {user} from {host} port {port} ssh2"),
            4..6 => format!("Failed password for invalid user {user} from {host} port {port} ssh2"),
            6 => format!(
                "Accepted publickey for {user} from {host} port {port} ssh2: ED25519 SHA256:x9"
            ),
            7 => format!(
                "Connection closed by authenticating user {user} {host} port {port} [preauth]"
            ),
            8 => format!("pam_unix(sshd:session): session opened for user {user} by (uid=0)"),
            _ => format!("message repeated 2 times: [ Failed none for {user} from {host} ]"),
        };
        format!("Nov 24 06:{minute:02}:{second:02} web1 sshd[{pid}]: {said}")
    };
    (0..lines).map(line).collect()
}

/// Reads lines as a careful model would: an event for each, by its words.
pub(crate) fn triage(lines: &str) -> Value {
    let event = |line: &str| {
        let said = line.split_once("]: ").map_or("", |it| it.1);
        let words: Vec<&str> = said.split(' ').collect();
        let before_port = words
            .iter()
            .position(|it| *it == "port")
            .map(|it| words[it - 1]);
        let (kind, user) = match words[..] {
            ["Failed", "password", "for", "invalid", "user", user, ..] => ("failed", Some(user)),
            ["Failed", "password", "for", user, ..] => ("failed", Some(user)),
            ["Accepted", _, "for", user, ..] => ("accepted", Some(user)),
            _ => ("other", None),
        };
        json!({"kind": kind, "user": user, "host": before_port.unwrap_or("none")})
    };
    json!({"events": lines.lines().map(event).collect::<Vec<_>>()})
}
