//! Says in which ways a number in a text can be read, so that it is found however it is written.
//!
//! `1,000`, `1000` and `1 000` are one number, and so are `3.50`, `3.5` and `3,5`. `1.000` may be one or
//! a thousand, and is found as either: a warning of a number that is there costs more trust than one that
//! does not come. What is no number but several (`1,2,3`, the date `05.01.2024`) is found by all of them.

/// What groups thousands beside points and commas; the spaces are wide, hard, thin and narrow.
pub(super) const GROUPING: [char; 6] = [' ', '\u{a0}', '\u{2009}', '\u{202f}', '\'', '’'];

/// Returns the ways to read a number: each is the plain numbers that it is made of, one as a rule.
pub(super) fn number_readings(text: &str) -> Vec<Vec<String>> {
    let parts: Vec<&str> = text.split(is_separator).collect();
    let separators: Vec<char> = text.chars().filter(|it| is_separator(*it)).collect();
    let Some((last, others)) = separators.split_last() else {
        return vec![vec![text.to_owned()], vec![whole(text)]];
    };
    let mut readings = Vec::new();
    let are_equal = others.windows(2).all(|it| it[0] == it[1]);
    if are_equal && others.iter().all(|it| it == last) && are_groups(&parts) {
        readings.push(vec![whole(&parts.concat())]);
    }
    let (fraction, groups) = parts.split_last().unwrap_or((&"", &[]));
    let is_point = matches!(last, '.' | ',') && !others.contains(last);
    if is_point && are_equal && (others.is_empty() || are_groups(groups)) {
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        readings.push(vec![format!(
            "{}{point}{fraction}",
            whole(&groups.concat())
        )]);
    }
    // As versions are written. Points make parts of dates only.
    readings.push(vec![text.to_owned()]);
    let is_date = parts.len() == 3 && parts.iter().any(|it| it.len() == 4);
    if separators.iter().all(|it| *it != '.') || is_date {
        let is_decimal = is_point && others.is_empty();
        let several = parts.iter().map(|it| whole(it)).collect();
        readings.extend((!is_decimal).then_some(several));
    }
    // `5 100.5` may be two columns of a table.
    if separators.contains(&' ') && separators.iter().any(|it| *it != ' ') {
        let columns = text.split(' ').flat_map(number_readings);
        readings.push(columns.flatten().collect());
    }
    readings
}

/// Returns whether a sign may stand between the digits of a number.
pub(super) fn is_separator(it: char) -> bool {
    matches!(it, '.' | ',') || GROUPING.contains(&it)
}

/// Takes the zeros from the beginning of a whole number.
fn whole(digits: &str) -> String {
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        rest => rest.to_owned(),
    }
}

/// Returns whether the parts of a number are groups of thousands.
fn are_groups(parts: &[&str]) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    first.len() <= 3 && !first.starts_with('0') && rest.iter().all(|it| it.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_each_way_in_which_they_are_written() {
        let table: [(&str, &[&str]); 17] = [
            ("7", &["7", "7"]),
            ("05", &["05", "5"]),
            ("0", &["0", "0"]),
            ("1,000", &["1000", "1", "1,000"]),
            ("1.500", &["1500", "1.5", "1.500"]),
            ("1 000", &["1000", "1 000", "1+0"]),
            ("3,50", &["3.5", "3,50"]),
            ("3.0", &["3", "3.0"]),
            ("0.5", &["0.5", "0.5"]),
            ("1.234,50", &["1234.5", "1.234,50"]),
            ("1,234,567", &["1234567", "1,234,567", "1+234+567"]),
            ("1'234.5", &["1234.5", "1'234.5"]),
            ("1,2,3", &["1,2,3", "1+2+3"]),
            ("1.2.3", &["1.2.3"]),
            ("05.01.2024", &["05.01.2024", "5+1+2024"]),
            ("0,123", &["0.123", "0,123"]),
            ("5 100.5", &["5100.5", "5 100.5", "5+5+100.5+100.5"]),
        ];
        for (text, expected) in table {
            let readings = number_readings(text);
            let readings: Vec<String> = readings.iter().map(|it| it.join("+")).collect();
            assert_eq!(readings, expected, "{text}");
        }
    }
}
