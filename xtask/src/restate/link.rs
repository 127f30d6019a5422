//! A slow and lossy link between processes of this machine: what it carries comes late, some of it later still,
//! connections may break, and for a while nothing gets through at all.
//!
//! It is a proxy of our own, since machines that run checks seldom have what makes the network itself slow
//! (`tc netem`).

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::random::Random;
use crate::wait::wait;

/// How late everything is, and by how much that differs.
const DELAY: Duration = Duration::from_millis(50);
const JITTER: Duration = Duration::from_millis(100);

/// What is lost is sent again after so long; one piece of twenty is.
const RESENT: Duration = Duration::from_millis(300);
const LOST: f64 = 0.05;

/// Where connections break, one does after any piece by so much of a chance, and after so many for certain.
const BROKEN: f64 = 0.02;
const UNBROKEN: u64 = 12;

/// How long it takes to look again whether anything gets through.
const LOOK: Duration = Duration::from_millis(20);

/// A link.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) port: u16,
    is_cut: Arc<AtomicBool>,
    broken: Arc<AtomicU64>,
}

impl Link {
    /// Leads to a port of this machine.
    pub(super) fn start(to: u16, breaks: bool) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let link = Self {
            port: listener.local_addr()?.port(),
            is_cut: Arc::default(),
            broken: Arc::default(),
        };
        let (is_cut, broken) = (Arc::clone(&link.is_cut), Arc::clone(&link.broken));
        thread::spawn(move || {
            for (number, near) in listener.incoming().flatten().enumerate() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else {
                    continue;
                };
                for (from, to, direction) in [(&near, &far, 0), (&far, &near, 1)] {
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else {
                        continue;
                    };
                    let way = Way {
                        random: Random::new(2 * number as u64 + direction),
                        is_cut: Arc::clone(&is_cut),
                        broken: breaks.then(|| Arc::clone(&broken)),
                    };
                    // An end of either side is an end of both.
                    thread::spawn(move || way.carry(&from, &to).ok());
                }
            }
        });
        Ok(link)
    }

    /// Lets nothing through for so long.
    pub(super) fn cut(links: &[&Self], time: Duration) {
        let set = |is_cut| {
            links
                .iter()
                .for_each(|it| it.is_cut.store(is_cut, Ordering::Relaxed));
        };
        set(true);
        wait(time);
        set(false);
    }

    /// Returns how many connections have broken.
    pub(super) fn broken(&self) -> u64 {
        self.broken.load(Ordering::Relaxed)
    }
}

/// One direction of a connection.
struct Way {
    random: Random,
    is_cut: Arc<AtomicBool>,
    broken: Option<Arc<AtomicU64>>,
}

impl Way {
    fn carry(mut self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
        to.set_nodelay(true)?;
        let mut piece = vec![0; 64 << 10];
        let mut carried = 0;
        loop {
            let length = from.read(&mut piece).unwrap_or(0);
            let is_last = carried == UNBROKEN || self.happens(BROKEN);
            let broken = self.broken.as_ref().filter(|_| is_last && length > 0);
            if let Some(count) = broken {
                count.fetch_add(1, Ordering::Relaxed);
            }
            if length == 0 || broken.is_some() {
                let _ = from.shutdown(Shutdown::Both);
                return to.shutdown(Shutdown::Both);
            }
            let resent = if self.happens(LOST) {
                RESENT
            } else {
                Duration::ZERO
            };
            wait(DELAY + self.random.below(JITTER) + resent);
            while self.is_cut.load(Ordering::Relaxed) {
                wait(LOOK);
            }
            to.write_all(&piece[..length])?;
            carried += 1;
        }
    }

    fn happens(&mut self, share: f64) -> bool {
        let second = Duration::from_secs(1);
        self.random.below(second) < second.mul_f64(share)
    }
}
