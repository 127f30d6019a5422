//! Writes a SQLite database with one table, `results`.
//!
//! SQLite writes where it wants, so the database is made in a file of its own, and what comes of it goes to
//! the output as every other result does: at the end, all at once. A database has a mark of ours; one without
//! it is somebody's work and is not replaced. SQLite takes names of columns without regard to case: where two
//! differ in nothing else, the second gets a `_`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, params_from_iter};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::column::{Column, Kind, whole};
use crate::error::{Error, ErrorKind};

/// What our databases are marked with: `PttR`.
const MARK: u32 = 0x5074_7452;

/// The beginning of every database, and where in it the mark is.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const MARK_AT: usize = 68;

/// How much of the database is handed over at once.
const PIECE: u64 = 1 << 20;

/// A database under way.
pub(crate) struct SqliteRows {
    columns: Vec<Column>,
    insert: String,
    connection: Connection,
    file: NamedTempFile,
}

impl SqliteRows {
    pub(super) fn new(columns: Vec<Column>) -> Result<Self, Error> {
        let file = NamedTempFile::new().map_err(|error| {
            let what = format!("the database into {}", std::env::temp_dir().display());
            Error::writing(&what, error).help("TMPDIR names another directory; it is made there")
        })?;
        let connection = Connection::open(file.path()).map_err(failed)?;
        let names = names(&columns);
        let fields = names.iter().zip(&columns);
        let fields: Vec<String> = fields
            .map(|(name, column)| format!("{name} {}", declared(column.kind)))
            .collect();
        let fields = fields.join(", ");
        // Nobody needs the file if the process ends before it is whole.
        let begin = format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA application_id = {MARK}; \
             BEGIN; CREATE TABLE results ({fields});"
        );
        connection.execute_batch(&begin).map_err(failed)?;
        let places = vec!["?"; columns.len()].join(", ");
        Ok(Self {
            insert: format!("INSERT INTO results VALUES ({places})"),
            columns,
            connection,
            file,
        })
    }

    /// Takes a row.
    pub(super) fn row(&mut self, row: &[Value]) -> Result<(), Error> {
        let cells = self
            .columns
            .iter()
            .zip(row)
            .map(|(it, value)| cell(it, value));
        let mut insert = self
            .connection
            .prepare_cached(&self.insert)
            .map_err(failed)?;
        insert.execute(params_from_iter(cells)).map_err(failed)?;
        Ok(())
    }

    /// Hands the whole file over, piece by piece.
    pub(super) fn end(self, mut write: impl FnMut(Vec<u8>)) -> Result<(), Error> {
        self.connection.execute_batch("COMMIT").map_err(failed)?;
        self.connection.close().map_err(|it| failed(it.1))?;
        let read = |error| Error::writing("the database", error);
        let mut file = self.file.reopen().map_err(read)?;
        loop {
            let mut piece = Vec::new();
            let mut part = Read::by_ref(&mut file).take(PIECE);
            part.read_to_end(&mut piece).map_err(read)?;
            if piece.is_empty() {
                return Ok(());
            }
            write(piece);
        }
    }
}

/// Checks that a database is not somebody's work, and nobody works with it.
///
/// # Errors
///
/// Returns an error if it is not to be replaced.
pub(crate) fn check_replaceable(path: &Path, named: &Path) -> Result<(), Error> {
    let named = named.display();
    let beside = ["-wal", "-journal"].map(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    });
    if let Some(other) = beside.iter().find(|it| it.exists()) {
        let other = other.file_name().unwrap_or_default().display();
        let message = format!("{named} is a database that is in use: there is a {other} beside it");
        let help = "close the program that has it open, or name another file";
        return Err(Error::new(ErrorKind::CannotCreate, message).help(help));
    }
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|it| it.take(100).read_to_end(&mut beginning));
    let is_there = match read {
        Ok(bytes) => bytes > 0,
        // That it cannot be written is said by whoever writes it.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    };
    if !is_there || is_ours(&beginning) {
        return Ok(());
    }
    let message =
        format!("{named} is there and is no database of results that this command has written");
    Err(Error::new(ErrorKind::CannotCreate, message).help("name another file, or move it away"))
}

fn is_ours(beginning: &[u8]) -> bool {
    let mark = beginning.get(MARK_AT..MARK_AT + 4);
    beginning.starts_with(MAGIC) && mark == Some(&MARK.to_be_bytes()[..])
}

/// Returns the names of columns as they are written in SQL, no two of them alike.
fn names(columns: &[Column]) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    let names = columns.iter().map(|column| {
        let mut name = column.name.clone();
        while taken.contains(&name.to_lowercase()) {
            name.push('_');
        }
        taken.push(name.to_lowercase());
        format!("\"{}\"", name.replace('"', "\"\""))
    });
    names.collect()
}

fn declared(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Json => "TEXT",
        Kind::Integer => "INTEGER",
        Kind::Number => "REAL",
        Kind::Flag => "BOOLEAN",
    }
}

fn cell(column: &Column, value: &Value) -> Cell {
    let text = || Cell::Text(value.to_string());
    match (column.kind, value) {
        (_, Value::Null) => Cell::Null,
        (Kind::Text, Value::String(text)) => Cell::Text(text.clone()),
        (Kind::Integer, Value::Number(_)) => whole(value).map_or_else(text, Cell::Integer),
        (Kind::Number, Value::Number(number)) => number.as_f64().map_or_else(text, Cell::Real),
        (Kind::Flag, Value::Bool(flag)) => Cell::Integer(i64::from(*flag)),
        _ => text(),
    }
}

fn failed(error: rusqlite::Error) -> Error {
    let message = format!("the SQLite database cannot be written: {error}");
    Error::new(ErrorKind::Io, message)
        .help("choose --output jsonl")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(columns: Vec<Column>, rows: &[Vec<Value>]) -> (NamedTempFile, Connection) {
        let mut sheet = SqliteRows::new(columns).unwrap();
        rows.iter().for_each(|it| sheet.row(it).unwrap());
        let mut bytes = Vec::new();
        sheet.end(|piece| bytes.extend(piece)).unwrap();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let connection = Connection::open(file.path()).unwrap();
        (file, connection)
    }

    #[test]
    fn cells_are_what_they_are_and_no_name_is_in_the_way() {
        let columns = vec![
            Column::text("say \"it\"; drop table results"),
            Column::integer("n"),
            Column::number("N"),
            Column::flag("select"),
            Column::of("list", Kind::Json),
        ];
        let rows = [
            vec![
                json!("=1+1\n\"x\"\0é"),
                json!(-7),
                json!(3),
                json!(true),
                json!(["a", 1]),
            ],
            vec![
                Value::Null,
                json!(i64::MAX),
                json!(0.5),
                Value::Null,
                json!("plain"),
            ],
        ];
        let (_file, database) = written(columns, &rows);
        let sql = "SELECT *, typeof(n), typeof(N_), typeof(\"select\") FROM results ORDER BY rowid";
        let mut all = database.prepare(sql).unwrap();
        let names: Vec<&str> = all.column_names().take(5).collect();
        assert_eq!(
            names.join(" | "),
            "say \"it\"; drop table results | n | N_ | select | list"
        );
        let cells = all.query_map([], |row| {
            let cells: Result<Vec<Cell>, _> = (0..8).map(|at| row.get(at)).collect();
            cells
        });
        let cells: Vec<Vec<Cell>> = cells.unwrap().map(Result::unwrap).collect();
        let text = |it: &str| Cell::Text(it.to_owned());
        assert_eq!(
            cells[0],
            [
                text("=1+1\n\"x\"\0é"),
                Cell::Integer(-7),
                Cell::Real(3.0),
                Cell::Integer(1),
                text("[\"a\",1]"),
                text("integer"),
                text("real"),
                text("integer"),
            ]
        );
        assert_eq!(
            cells[1][..5],
            [
                Cell::Null,
                Cell::Integer(i64::MAX),
                Cell::Real(0.5),
                Cell::Null,
                text("\"plain\"")
            ]
        );
    }

    #[test]
    fn only_a_database_of_ours_is_replaced() {
        let (ours, database) = written(vec![Column::text("a")], &[]);
        drop(database);
        let check = |path: &Path| check_replaceable(path, Path::new("x.db")).is_ok();
        assert!(check(ours.path()));
        assert!(check(&ours.path().with_extension("none")));
        let theirs = NamedTempFile::new().unwrap();
        assert!(check(theirs.path()), "an empty file is nobody's work");
        let database = Connection::open(theirs.path()).unwrap();
        database.execute_batch("CREATE TABLE a (b)").unwrap();
        assert!(!check(theirs.path()));
        let text = NamedTempFile::new().unwrap();
        std::fs::write(text.path(), "notes").unwrap();
        assert!(!check(text.path()));
        let beside = PathBuf::from(format!("{}-wal", ours.path().display()));
        std::fs::write(&beside, "x").unwrap();
        assert!(!check(ours.path()), "it is in use");
        std::fs::remove_file(beside).unwrap();
    }
}
