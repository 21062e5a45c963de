use std::{fs, thread};

use clap::Parser;
use tempfile::TempDir;

use super::{STATE, State, Store};
use crate::cli::Cli;
use crate::failure::Exit;
use crate::state::profile::Profile;

fn store(folder: &TempDir) -> Store {
    let folder = folder.path().join("below/it");
    let arguments =
        ["plex-auth".into(), "--state-dir".into(), folder.into_os_string(), "status".into()];
    Store::new(&Cli::try_parse_from(arguments).unwrap().options).unwrap()
}

fn profile(token: &str) -> Profile {
    Profile::new(token.parse().unwrap(), Some("http://127.0.0.1:1/api/v2".parse().unwrap()))
}

#[test]
fn a_saved_profile_is_restored() {
    let folder = TempDir::new().unwrap();
    store(&folder)
        .change(|state| {
            state.set_profile("work", profile("abc"));
            Ok(())
        })
        .unwrap();
    let state = store(&folder).read().unwrap();
    let work = state.profile("work").unwrap().unwrap();
    assert_eq!(work.token.expose(), "abc");
    assert_eq!(work.plex_tv.as_ref().unwrap().to_string(), "http://127.0.0.1:1/api/v2");
}

#[test]
fn concurrent_changes_lose_nothing() {
    let folder = TempDir::new().unwrap();
    let identifiers: Vec<_> = thread::scope(|scope| {
        let change = |number: usize| {
            let store = store(&folder);
            move || {
                for round in 0..10 {
                    let name = format!("{number}-{round}");
                    let set = |state: &mut State| {
                        state.set_profile(&name, profile("abc"));
                        Ok(())
                    };
                    store.change(set).unwrap();
                }
                store.identifier().unwrap()
            }
        };
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(change(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(store(&folder).read().unwrap().names().count(), 80);
    assert!(identifiers.iter().all(|identifier| *identifier == identifiers[0]), "{identifiers:?}");
}

#[test]
fn a_failed_change_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let fails = store(&folder).change(|state| {
        state.set_profile("work", profile("abc"));
        Err::<(), _>(crate::failure::Failure::usage("no"))
    });
    assert_eq!(fails.unwrap_err().exit(), Exit::Usage);
    assert_eq!(store(&folder).read().unwrap().names().count(), 0);
}

#[test]
fn a_newer_versions_file_is_not_changed() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    store.check_writable().unwrap();
    let newer = r#"{"version": 2, "profiles": []}"#;
    fs::write(store.folder.path(STATE), newer).unwrap();
    for failure in [store.read().err().unwrap(), store.check_writable().unwrap_err()] {
        assert_eq!(failure.exit(), Exit::Machine);
        assert!(failure.what().contains("newer"), "{failure:?}");
    }
    assert_eq!(fs::read_to_string(store.folder.path(STATE)).unwrap(), newer);
}

#[test]
fn an_invalid_identifier_is_reported_and_kept() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    store.identifier().unwrap();
    let path = store.folder.path(super::IDENTIFIER);
    for damage in ["two\nlines", "", "\u{1b}[2J"] {
        fs::write(&path, damage).unwrap();
        let failure = store.identifier().unwrap_err();
        assert!(failure.what().contains("client-identifier is damaged"), "{failure:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damage);
    }
}
