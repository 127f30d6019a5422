//! Shows times as the user's clock has them: in the zone that TZ or the system says, and which one that is.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

/// Writes seconds since 1970 as a date and a time.
pub(crate) fn date(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => date_in(time, zone()),
        Err(_) => seconds.to_string(),
    }
}

/// Returns the time of day that lies so far ahead, with its date if that is not today's.
pub(crate) fn clock(ahead: Duration) -> String {
    clock_in(Timestamp::now(), ahead, zone())
}

/// Reads a date, or a date and a time, of the user's clock, as seconds since 1970.
pub(crate) fn read(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_second());
    }
    let time: DateTime = text.parse().ok()?;
    let time = time.to_zoned_datetime(zone()).ok()?;
    Some(time.timestamp().as_second())
}

/// Where nobody says which zone it is (in containers), it is UTC.
fn zone() -> TimeZone {
    let zone = TimeZone::system();
    if zone.is_unknown() {
        TimeZone::UTC
    } else {
        zone
    }
}

fn date_in(time: Timestamp, zone: TimeZone) -> String {
    let time = time.to_zoned_datetime(zone);
    format!("{} {}", time.strftime("%Y-%m-%d %H:%M:%S"), name(&time))
}

fn clock_in(now: Timestamp, ahead: Duration, zone: TimeZone) -> String {
    let ahead = SignedDuration::try_from(ahead).ok();
    let then = ahead.and_then(|ahead| now.checked_add(ahead).ok());
    let Some(then) = then else {
        return "some time".to_owned();
    };
    let (now, then) = (
        now.to_zoned_datetime(zone.clone()),
        then.to_zoned_datetime(zone),
    );
    let form = match now.date() == then.date() {
        true => "%H:%M",
        false => "%Y-%m-%d %H:%M",
    };
    format!("{} {}", then.strftime(form), name(&then))
}

/// Names a zone by its offset, which two of the same letters may differ in.
fn name(time: &ZonedDateTime) -> String {
    match time.offset().is_zero() {
        true => "UTC".to_owned(),
        false => time.strftime("%:z").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(offset: i8) -> TimeZone {
        jiff::tz::offset(offset).to_time_zone()
    }

    #[test]
    fn a_date_is_the_users_and_says_which_zone_that_is() {
        let time = Timestamp::from_second(1_795_771_974).unwrap();
        for (offset, expected) in [
            (0, "2026-11-27 09:32:54 UTC"),
            (1, "2026-11-27 10:32:54 +01:00"),
            (-10, "2026-11-26 23:32:54 -10:00"),
        ] {
            assert_eq!(date_in(time, zone(offset)), expected);
        }
        assert_eq!(date(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn a_time_ahead_has_its_date_only_if_it_is_another_day() {
        let now = Timestamp::from_second(1_795_771_974).unwrap();
        for (minutes, offset, expected) in [
            (30, 0, "10:02 UTC"),
            (30, 2, "12:02 +02:00"),
            (30, 14, "2026-11-28 00:02 +14:00"),
            (24 * 60, 0, "2026-11-28 09:32 UTC"),
        ] {
            let ahead = Duration::from_secs(minutes * 60);
            assert_eq!(clock_in(now, ahead, zone(offset)), expected);
        }
        assert_eq!(clock_in(now, Duration::MAX, zone(0)), "some time");
    }
}
