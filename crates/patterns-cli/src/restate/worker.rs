//! `patterns worker`: makes calls for runs elsewhere.

use patterns_core::system_reason;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use patterns_restate::{Admin, Answering, RestateErrorKind, Server, Worker};
use patterns_store::{Durability, Store, StorePolicy};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::jobs::Jobs;
use super::server::{seal, server, told};
use crate::args::WorkerArgs;
use crate::config::Loaded;
use crate::error::{Error, ErrorKind};
use crate::shared_store::{Shared, SharedAddress, is_address};
use crate::signals;
use crate::store::{refused, usual};
use crate::terminal::{Terminal, write_stdout};

/// How long it takes until a server that was not there is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// Works until it is told to end.
///
/// # Errors
///
/// Returns an error if it cannot begin, is not taken by the server, or breaks off calls at its end.
pub(crate) async fn work(args: &WorkerArgs, terminal: Terminal) -> Result<(), Error> {
    let loaded = Loaded::load(&args.set())?;
    loaded.check_trust()?;
    let restate = loaded.restate();
    let (server, seal) = (server(&restate)?, seal(&restate, terminal)?);
    if server.is_none() && !args.limits.is_empty() {
        let message = "--limit is told to a Restate server, and none is named";
        return Err(Error::new(ErrorKind::Usage, message).help("name it with --on restate:URL"));
    }
    let listener = listen(args.listen)?;
    let address = listener
        .local_addr()
        .map_err(|error| not_heard(args.listen, &error))?;
    let drain = CancellationToken::new();
    let jobs = Arc::new(Jobs {
        restate: loaded.restate(),
        store: store_file(args, &loaded),
        terminal,
        drain: drain.clone(),
    });
    let answers = Arc::new(Answers {
        set: args.set(),
        workers: args.workers,
        store: store(args, &loaded)?,
        shared: shared(args, &loaded).await?,
        terminal: Terminal::new(true, crate::terminal::ColorChoice::Auto),
        drain: drain.clone(),
        models: std::sync::Mutex::default(),
    });
    let answering: Answering = Arc::new(move |call| {
        let answers = Arc::clone(&answers);
        Box::pin(async move { answers.answer(call).await })
    });
    let worker = worker(args, answering, jobs).private(seal);
    let serving = worker.serve(listener, drain.clone().cancelled_owned(), args.drain);
    let advertised = args.advertise.clone();
    let url = advertised.unwrap_or_else(|| format!("http://{address}"));
    write_stdout(format!("http://{address}\n").as_bytes())?;
    tokio::pin!(serving);
    let ended = tokio::select! {
        // What is wrong with how it is set up is said before anything else.
        biased;
        served = &mut serving => return served.map(drop).map_err(told),
        error = begin(args, server, &url, terminal) => Err(error),
        ended = signals::ended() => Ok(ended),
    };
    drain.cancel();
    let broken_off = tokio::select! {
        served = serving => served.map_err(told)?,
        _ = signals::ended() => return ended.and_then(Err),
    };
    ended?;
    match broken_off {
        0 => Ok(()),
        count => {
            let message = format!("{count} calls were broken off; the server hands them out again");
            Err(Error::new(ErrorKind::Terminated, message).help("a longer --drain lets them end"))
        }
    }
}

/// Makes the worker that was asked for.
fn worker(args: &WorkerArgs, answering: Answering, jobs: Arc<Jobs>) -> Worker {
    let mut worker = Worker::new(answering).retention(args.retention);
    if args.jobs {
        worker = worker.jobs(Arc::new(move |job| {
            let jobs = Arc::clone(&jobs);
            Box::pin(async move { jobs.run(job).await })
        }));
    }
    for key in &args.identity_keys {
        worker = worker.identity_key(key);
    }
    worker
}

/// Makes itself known to the server; ends only if that cannot be.
async fn begin(args: &WorkerArgs, server: Option<Server>, url: &str, terminal: Terminal) -> Error {
    match register(args, server, url, terminal).await {
        Ok(()) => std::future::pending().await,
        Err(error) => error,
    }
}

async fn register(
    args: &WorkerArgs,
    server: Option<Server>,
    url: &str,
    terminal: Terminal,
) -> Result<(), Error> {
    let Some(server) = server else {
        terminal.note(&format!(
            "no Restate server is named, so this worker waits at {url} until it is registered with one \
             (--on restate:URL registers it)"
        ));
        return Ok(());
    };
    let admin = Admin::connect(server).map_err(told)?;
    let mut is_told = false;
    let deployment = loop {
        match admin.register(url).await {
            Ok(deployment) => break deployment,
            Err(error) if error.kind() == RestateErrorKind::Unreachable => {
                if !is_told {
                    terminal.note(&format!("{error}; trying again until it is"));
                }
                is_told = true;
                sleep(AGAIN).await;
            }
            Err(error) => return Err(told(error)),
        }
    };
    for (lane, calls) in &args.limits {
        admin.limit(lane, *calls).await.map_err(told)?;
    }
    terminal.note(&format!("registered as {deployment}: {url}"));
    Ok(())
}

/// Listens, also where other workers of this machine do, so that calls are spread over them.
fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let listening = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        #[cfg(unix)]
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        socket.listen(1024)
    };
    listening().map_err(|error| not_heard(address, &error))
}

/// Opens the store that workers share, if they share one. A file that is typed takes its place.
async fn shared(args: &WorkerArgs, loaded: &Loaded) -> Result<Option<Shared>, Error> {
    let typed = args.store.as_ref();
    let typed = typed.map(|it| it.to_string_lossy().into_owned());
    let address = match typed {
        Some(file) if !is_address(&file) => loaded.shared_beside_file(),
        Some(address) => Some(address),
        None => loaded.shared(),
    };
    match address {
        Some(url) => {
            let address = SharedAddress(url.into());
            Shared::at(&address, StorePolicy::Use).await.map(Some)
        }
        None => Ok(None),
    }
}

fn not_heard(address: SocketAddr, error: &std::io::Error) -> Error {
    let message = format!("cannot listen at {address}: {}", system_reason(error));
    Error::new(ErrorKind::Unavailable, message)
        .help("choose another --listen; port 0 takes a free one")
}

fn store(args: &WorkerArgs, loaded: &Loaded) -> Result<Store, Error> {
    Store::open(store_file(args, loaded), Durability::default()).map_err(refused)
}

fn store_file(args: &WorkerArgs, loaded: &Loaded) -> PathBuf {
    let file = args.store.clone().filter(|it| !is_address(it));
    let file = file.or_else(|| loaded.store());
    file.unwrap_or_else(usual)
}
