//! A stream without colours.

use std::io::{self, Write};

use anstream::adapter::StripBytes;

/// Passes text on without its colours.
pub(super) struct Plain<W> {
    to: W,
    /// A colour may be cut in two by the end of a write.
    strip: StripBytes,
}

impl<W: Write> Plain<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, strip: StripBytes::new() }
    }
}

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.strip.strip_next(bytes).try_for_each(|part| self.to.write_all(part))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
