//! Folders that cannot be listed at once, and files that say wrongly what to leave out.

use super::*;

fn files(place: &Path, names: &[&str]) {
    for name in names {
        let file = place.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "x").unwrap();
    }
}

/// A walk of a folder that has no file descriptor left for one below it.
fn short_of(place: &Path, folder: &str) -> Walk {
    let folder = place.join(folder);
    let error = {
        let io = io::Error::from_raw_os_error(24);
        let err = Box::new(ignore::Error::Io(io));
        let path = folder.clone();
        let err = Box::new(ignore::Error::WithPath { path, err });
        ignore::Error::WithDepth { depth: 1, err }
    };
    let mut error = Some(error);
    Box::new(walk(place).filter_map(move |entry| {
        let entry = entry.unwrap();
        match entry.path().starts_with(&folder) {
            true => error.take().map(Err),
            false => Some(Ok(entry)),
        }
    }))
}

fn found(tree: &mut Tree, wait: Option<Wait>) -> Vec<String> {
    let all = std::iter::from_fn(|| tree.next(wait));
    all.map(|it| it.map_or_else(|error| error.to_string(), |it| it.name))
        .collect()
}

#[test]
fn a_folder_is_listed_once_there_is_a_file_descriptor_for_it_and_in_its_place() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    files(place, &["a/1", "b/.gitignore", "b/2", "b/c/3", "d/4"]);
    fs::write(place.join(".gitignore"), "2\n").unwrap();
    let tree = || match named(place).unwrap() {
        Named::Walk(tree) => Tree {
            walks: vec![short_of(place, "b")],
            ..*tree
        },
        Named::One(_) => panic!("it is a folder"),
    };
    // What the folder above leaves out is left out there, too.
    let all = ["a/1", "b/c/3", "d/4"];
    assert_eq!(found(&mut tree(), Some(|_| true)), all);
    for wait in [None, Some((|_| false) as Wait)] {
        let found = found(&mut tree(), wait);
        assert_eq!((&*found[0], &*found[2]), ("a/1", "d/4"));
        assert!(
            found[1].contains("no file is left to be opened"),
            "{}",
            found[1]
        );
    }
}

#[test]
fn the_walker_says_of_the_system_what_went_wrong() {
    let io = io::Error::from_raw_os_error(24);
    assert!(is_out_of_descriptors(&io));
    assert!(!is_out_of_descriptors(&io::Error::from_raw_os_error(13)));
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("none");
    let error = walk(&missing).find_map(Result::err).unwrap();
    assert_eq!(path_of(&error), Some(&*missing));
    let error = error.io_error().unwrap();
    let inner = error.get_ref().and_then(|it| it.source()).unwrap();
    let inner = inner.downcast_ref::<io::Error>().unwrap();
    assert_eq!(inner.raw_os_error(), Some(2), "it is found behind the path");
}

#[test]
fn a_file_that_says_wrongly_what_to_leave_out_is_told_of() {
    let place = tempfile::tempdir().unwrap();
    files(place.path(), &["1", "2"]);
    fs::write(place.path().join(".ignore"), "2\n{a\n").unwrap();
    let Named::Walk(mut tree) = named(place.path()).unwrap() else {
        panic!("it is a folder");
    };
    assert_eq!(found(&mut tree, None), ["1"]);
    let notes = Named::Walk(tree).notes();
    assert!(
        notes[0].contains(".ignore") && notes[0].contains("{a"),
        "{notes:?}"
    );
}

/// Such as `<(command)` of a shell.
#[cfg(unix)]
#[test]
fn a_pipe_that_is_named_says_how_it_is_read() {
    let error = named(Path::new("/dev/null")).err().unwrap();
    assert!(error.reason().contains("standard input, which is called -"));
}
