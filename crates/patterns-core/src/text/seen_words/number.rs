//! Reads a number in each way in which it may have been written.

use super::is_separator;
use crate::text::normalise::number;

/// Returns the ways to read a number: each is the plain numbers that it is made of, one as a rule.
pub(super) fn number_readings(text: &str) -> Vec<Vec<String>> {
    let sign = |it: char, point: char, comma: char| match it {
        '.' => point,
        ',' => comma,
        '’' => '\'',
        it if it.is_whitespace() => ' ',
        it => it,
    };
    let written = |point, comma| text.chars().map(|it| sign(it, point, comma)).collect();
    let ways: [String; 2] = [written('.', ','), written(',', '.')];
    let read = ways.iter().filter_map(|it| number(it));
    let mut readings: Vec<Vec<String>> = read.map(|it| vec![without_zeros(&it)]).collect();
    // As versions are written. Points make parts of dates only.
    readings.push(vec![text.to_owned()]);
    let parts: Vec<&str> = text.split(is_separator).collect();
    let is_date = parts.len() == 3 && parts.iter().any(|it| it.len() == 4);
    let is_decimal = parts.len() == 2 && text.contains(['.', ',']);
    if (is_date || !text.contains('.')) && !is_decimal {
        readings.push(parts.iter().map(|it| without_zeros(it)).collect());
    }
    // `5 100.5` may be two columns of a table.
    if text.contains(' ') && text.contains(|it| it != ' ' && is_separator(it)) {
        let columns = text.split(' ').flat_map(number_readings);
        readings.push(columns.flatten().collect());
    }
    readings
}

/// Takes the zeros from the beginning of a number, and from the end of its fraction.
fn without_zeros(number: &str) -> String {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}
