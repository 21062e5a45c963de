//! The terminal's settings. Only this module changes them, and only while holding a lock, so that
//! an interruption always restores them, regardless of the order of events.

#[cfg(unix)]
pub(crate) use unix::{Hidden, restore_for_good};

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::{io, mem};

    use rustix::process::getpgrp;
    use rustix::termios::{
        Action, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcflow, tcgetattr,
        tcgetpgrp, tcsetattr,
    };

    /// The settings to restore, or `None` while they are unchanged.
    static ORIGINAL: Mutex<Option<Original>> = Mutex::new(None);

    struct Original {
        terminal: File,
        settings: Termios,
    }

    /// While this exists, the terminal does not echo what is typed and delivers each key
    /// immediately.
    #[derive(Debug)]
    pub(crate) struct Hidden(());

    impl Hidden {
        pub(crate) fn new(terminal: &File) -> io::Result<Self> {
            // A background job stops here until it is brought to the foreground. Until then, the
            // settings are the shell's and must not be recorded, and the lock must not be held.
            tcflow(terminal, Action::OOn)?;
            let mut original = lock();
            let settings = tcgetattr(terminal)?;
            let mut hidden = settings.clone();
            // With ICANON, macOS accepts at most 1,024 bytes per line. With ISIG, Ctrl-Z would
            // return to the shell while echo is off.
            hidden.local_modes.remove(
                LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG,
            );
            hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
            hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
            *original = Some(Original { terminal: terminal.try_clone()?, settings });
            if let Err(error) = tcsetattr(terminal, OptionalActions::Now, &hidden) {
                restore(&mut original);
                return Err(error.into());
            }
            Ok(Self(()))
        }
    }

    impl Drop for Hidden {
        fn drop(&mut self) {
            restore(&mut lock());
        }
    }

    /// Restores the settings and never releases the lock: no thread can change them again before
    /// the process ends.
    pub(crate) fn restore_for_good() {
        let mut original = lock();
        restore(&mut original);
        mem::forget(original);
    }

    fn restore(original: &mut Option<Original>) {
        let Some(Original { terminal, settings }) = original.take() else { return };
        // In the background, the settings are the shell's, and changing them would stop the
        // process.
        let is_background = tcgetpgrp(&terminal).is_ok_and(|foreground| foreground != getpgrp());
        if !is_background {
            // This fails if the terminal was closed, and then nothing is left to restore.
            let _ = tcsetattr(&terminal, OptionalActions::Now, &settings);
        }
    }

    fn lock() -> MutexGuard<'static, Option<Original>> {
        ORIGINAL.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does nothing: on Windows, the shell restores the console.
#[cfg(not(unix))]
pub(crate) fn restore_for_good() {}
