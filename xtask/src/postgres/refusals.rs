//! What is wrong with a shared store is said before anything is paid for, with the address and without a password.

use std::path::Path;

use anyhow::{Result, ensure};

use super::pair::Pair;
use super::server::{PASSWORD, Server};
use crate::cargo::output;
use crate::job::Job;

/// Checks it, and gives the server back.
pub(super) fn run(server: Server, folder: &Path) -> Result<Server> {
    let mut pair = Pair::start(server, folder, "refusals", &[])?;
    let job = Job::map_reduce(folder, "refusals", 3)?;
    let expected = output(&mut pair.sharing(&job, "first.db"))?;
    let before = pair.provider.requests()?;
    let url = pair.url.clone();
    let as_reader = url.replacen("me:", "reader:", 1);
    let as_stranger = url.replacen("me:", "stranger:", 1);
    pair.server.sql(
        "refusals",
        &format!(
            "CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; \
             CREATE ROLE stranger LOGIN PASSWORD '{PASSWORD}'"
        ),
    )?;
    let nobody = url.replacen(PASSWORD, "wrong-7391", 1);
    for (url, code, words) in [
        (nobody, 77, "the server does not let this user in"),
        (format!("{url}x"), 78, "there is no such database"),
        (
            format!("{url}?sslmode=require"),
            69,
            "no safe connection can be made",
        ),
        (as_reader.clone(), 78, "has no right to INSERT and UPDATE"),
        (
            as_stranger,
            78,
            "this user has no right to that: permission denied",
        ),
    ] {
        pair.url = url;
        refused(&pair, &job, code, words)?;
    }
    pair.url.clone_from(&url);
    safe_ways(&mut pair, &job, &expected)?;
    pair.url = as_reader;
    let read = output(pair.sharing(&job, "none.db").arg("--read-only"))?;
    ensure!(read == expected, "who may read gets another result");
    pair.url = url;
    pair.server
        .sql("refusals", "UPDATE patterns_store SET version = 99")?;
    refused(&pair, &job, 65, "its version is 99")?;
    let sent = pair.provider.requests()? - before;
    ensure!(
        sent == 0,
        "{sent} calls were made before it was said what is wrong"
    );
    pair.check_secret()?;
    Ok(pair.server)
}

/// Checks the ways to a server that has a certificate of a private authority.
fn safe_ways(pair: &mut Pair, job: &Job, expected: &str) -> Result<()> {
    let url = pair.url.clone();
    let authority = pair.server.with_certificate()?;
    let signed = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    let named = url.replacen("127.0.0.1", "localhost", 1);
    for (url, words) in [
        (format!("{named}?sslmode=verify-full"), "UnknownIssuer"),
        (format!("{url}?{signed}"), "not valid for name"),
        (
            format!("{named}?{signed}.none"),
            "of sslrootcert cannot be read",
        ),
    ] {
        pair.url = url;
        refused(pair, job, 69, words)?;
    }
    for (number, way) in [signed.as_str(), "sslmode=require"].into_iter().enumerate() {
        pair.url = format!("{named}?{way}");
        let shared = output(&mut pair.sharing(job, &format!("safe-{number}.db")))?;
        ensure!(shared == expected, "{way}: the result is another one");
    }
    println!(
        "TLS: the certificate is checked by name and authority, and with both the store is used"
    );
    pair.url = url;
    Ok(())
}

fn refused(pair: &Pair, job: &Job, code: i32, words: &str) -> Result<()> {
    let ended = pair.sharing(job, "refused.db").output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    let is_told = ended.status.code() == Some(code) && said.contains(words);
    ensure!(
        is_told,
        "{} and not {code}, {words:?}: {said}",
        ended.status
    );
    let is_named = said.contains("postgres://") && !said.contains("7391");
    ensure!(
        is_named,
        "the address is not named, or the password is: {said}"
    );
    println!("refused: {words}");
    Ok(())
}
