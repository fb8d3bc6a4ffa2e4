use super::temporary::Temporary;
use super::*;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

fn names(directory: &Path) -> Vec<String> {
    let listed = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn replaces_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.json");
    write_atomically(&path, b"1").unwrap();
    write_atomically(&path, b"2").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"2");
    assert_eq!(names(directory.path()), ["a.json"]);
    let error = write_atomically(&path.join("b"), b"3").unwrap_err().to_string();
    assert!(error.contains("a.json/b") && error.contains("a file is in the way"), "{error}");
}

#[test]
fn a_name_as_long_as_names_may_be_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("n".repeat(255));
    write_atomically(&path, b"1").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"1");
}

#[test]
fn directories_are_no_files_to_be_written() {
    let directory = tempfile::tempdir().unwrap();
    for path in [directory.path().to_path_buf(), directory.path().join(".."), PathBuf::from("/")] {
        let error = write_atomically(&path, b"1").unwrap_err().to_string();
        assert!(error.contains("is a directory") && error.contains("add a file name"), "{error}");
    }
    assert!(names(directory.path()).is_empty());
}

#[test]
fn writes_at_once_do_not_meet() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    let texts: Vec<Vec<u8>> = (0..8u8).map(|letter| vec![b'a' + letter; 10_000]).collect();
    std::thread::scope(|scope| {
        for text in &texts {
            scope.spawn(|| {
                for _ in 0..50 {
                    remove_abandoned(directory.path(), Kept::Ours);
                    write_atomically(&path, text).unwrap();
                }
            });
        }
    });
    assert!(texts.contains(&fs::read(&path).unwrap()));
    assert_eq!(names(directory.path()), ["a"]);
}

#[cfg(unix)]
mod links {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::process::Command;

    #[test]
    fn links_are_replaced_and_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let [victim, link] = ["victim", "link"].map(|name| directory.path().join(name));
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, &link).unwrap();
        // Names that were foreseeable once, and those that are now.
        symlink(&victim, directory.path().join(".writing-link")).unwrap();
        for number in 0..100 {
            let name = format!("{TEMPORARY}{}-{number}", std::process::id());
            symlink(&victim, directory.path().join(name)).unwrap();
        }
        write_atomically(&link, b"new").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(!link.is_symlink());
        assert_eq!(fs::read(&link).unwrap(), b"new");
        remove_abandoned(directory.path(), Kept::Ours);
        assert_eq!(names(directory.path()), ["link", "victim"]);
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
    }

    #[test]
    fn permissions_are_those_of_any_new_file() {
        let directory = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| directory.path().join(name));
        write_atomically(&one, b"1").unwrap();
        fs::write(&other, "1").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&one), mode(&other));
    }

    #[test]
    fn locks_are_neither_emptied_nor_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("victim"), "precious").unwrap();
        for (target, name) in [("victim", "link"), ("nowhere", "dangling")] {
            symlink(path(target), path(name)).unwrap();
            let error = Lock::open(&path(name)).unwrap_err();
            let told = FileError::new("open", &path(name), error).to_string();
            assert!(told.contains("is a link") && told.contains("remove it"), "{told}");
            assert!(Lock::existing(&path(name)).is_err());
        }
        assert!(!path("nowhere").exists());
        assert!(Lock::open(directory.path()).is_err());
        fs::hard_link(path("victim"), path("other name")).unwrap();
        Lock::open(&path("other name")).unwrap();
        assert_eq!(fs::read(path("victim")).unwrap(), b"precious");
        assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        // Nobody is at the other end, and neither call waits for it.
        assert!(Lock::open(&path("pipe")).is_err() && Lock::existing(&path("pipe")).is_err());
    }

    #[test]
    fn pipes_and_devices_stay_what_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for special in [pipe.as_path(), Path::new("/dev/null")] {
            let error = write_atomically(special, b"1").unwrap_err().to_string();
            assert!(error.contains("a device, a pipe"), "{error}");
        }
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(names(directory.path()), ["pipe"]);
    }

    #[test]
    fn what_a_user_names_may_be_a_pipe() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader =
            Command::new("cat").arg(&pipe).stdout(std::process::Stdio::piped()).spawn().unwrap();
        write_named(&pipe, b"through").unwrap();
        assert_eq!(reader.wait_with_output().unwrap().stdout, b"through");
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        write_named(Path::new("/dev/null"), b"1").unwrap();
        assert!(fs::symlink_metadata("/dev/null").unwrap().file_type().is_char_device());
        let file = directory.path().join("file");
        symlink("nowhere", &file).unwrap();
        write_named(&file, b"2").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"2");
        assert!(!directory.path().join("nowhere").exists());
    }

    #[test]
    fn only_what_nobody_writes_any_more_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path(".writing-12-3"), "half").unwrap();
        fs::write(path(".writing-notes"), "a user's own").unwrap();
        fs::create_dir(path(".writing-4-5")).unwrap();
        let mut under_way = Temporary::beside(&path("a")).unwrap();
        under_way.fill(|file| file.write_all(b"1")).unwrap();
        remove_abandoned(directory.path(), Kept::Others);
        under_way.rename(&path("a")).unwrap();
        assert_eq!(names(directory.path()), [".writing-4-5", ".writing-notes", "a"]);
        drop(Temporary::beside(&path("b")).unwrap());
        remove_abandoned(directory.path(), Kept::Ours);
        assert_eq!(names(directory.path()), [".writing-4-5", "a"]);
    }
}
