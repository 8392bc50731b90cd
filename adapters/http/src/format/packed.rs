//! Bodies within archives.

use super::opening::Opening;
use super::{Each, Format, Rest, unreadable};
use airbyte_singer_runtime::{Error, Result};
use flate2::bufread::GzDecoder;
use std::fmt;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek};
use std::sync::Arc;
use zip::ZipArchive;
use zip::result::ZipError;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZIP: &[u8] = b"PK";
/// How much is unpacked at once.
const BUFFER: usize = 32 * 1024;

/// Whether a body's first bytes are those of an archive, which may be far larger inside.
pub(super) fn is_packed(body: &[u8]) -> bool {
    body.starts_with(GZIP) || body.starts_with(ZIP)
}

/// Another format, compressed by gzip. A body that isn't is taken as it is: servers and what stands
/// between often unpack a file on the way.
#[derive(Debug, Clone)]
pub struct Gzip<F>(F);

impl<F: Format> Gzip<F> {
    /// What is inside.
    pub const fn of(inner: F) -> Self {
        Self(inner)
    }
}

impl<F: Format> Format for Gzip<F> {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        let opening = Opening::of(body, GZIP.len())?;
        let mut body = opening.bytes().chain(body);
        if opening.bytes() != GZIP {
            return self.0.decode(&mut body, each);
        }
        let inside = Unpacked { inner: Members::new(body), kind: "gzip" };
        self.0.decode(&mut BufReader::with_capacity(BUFFER, inside), each)
    }
}

/// The members of a gzip, one after the other.
struct Members<R> {
    /// Gone only while the next one is begun.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(body: R) -> Self {
        Self { member: Some(GzDecoder::new(body)) }
    }

    /// Begins the next member; the answer is whether there is one.
    ///
    /// # Errors
    ///
    /// There is something else, other than the zeros up to the end of a block.
    fn next(&mut self) -> io::Result<bool> {
        let Some(mut body) = self.member.take().map(GzDecoder::into_inner) else {
            return Ok(false);
        };
        let mut has_zeros = false;
        loop {
            match body.fill_buf()? {
                [] => return Ok(false),
                [0, ..] => {
                    body.consume(1);
                    has_zeros = true;
                }
                [first, ..] if *first == GZIP[0] && !has_zeros => {
                    self.member = Some(GzDecoder::new(body));
                    return Ok(true);
                }
                _ => {
                    let text = "the body goes on behind the end of its gzip with what is none";
                    return Err(io::Error::other(Error::system(text)));
                }
            }
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let length = member.read(buffer)?;
            if length > 0 || buffer.is_empty() || !self.next()? {
                return Ok(length);
            }
        }
        Ok(0)
    }
}

/// A format whose body may come in an archive, whatever the answer's head says: its first bytes tell.
pub(super) struct MaybePacked {
    inner: Arc<dyn Format>,
    zip: Zip,
}

impl MaybePacked {
    /// What is inside, also of a zip.
    pub(super) fn of(inner: Arc<dyn Format>) -> Self {
        Self { zip: Zip::of(Arc::clone(&inner)), inner }
    }

    /// What is inside, which goes by the names of its files in a zip.
    pub(super) fn named(inner: Arc<dyn Format>, format_of: Box<FormatOf>) -> Self {
        Self { inner, zip: Zip::named(format_of) }
    }
}

impl Format for MaybePacked {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        const FILE: &[u8] = b"PK\x03\x04";
        let opening = Opening::of(body, FILE.len())?;
        let mut body = opening.bytes().chain(body);
        match opening.bytes() {
            FILE => self.zip.decode(&mut body, each),
            bytes if bytes.starts_with(GZIP) => Gzip::of(&*self.inner).decode(&mut body, each),
            _ => self.inner.decode(&mut body, each),
        }
    }
}

/// Other formats in the files of a zip archive, which are read one after the other.
///
/// The list of them is at its end, so an archive waits in a temporary file until all of it is there.
/// Folders, hidden files and those that macOS adds are left out. As with [`Gzip`], a body that is no
/// archive is taken as it is.
pub struct Zip {
    inside: Inside,
    suffix: Option<String>,
}

enum Inside {
    Always(Box<dyn Format>),
    Named(Box<FormatOf>),
}

/// The format of a file by its name.
pub(super) type FormatOf = dyn Fn(&str) -> Arc<dyn Format> + Send + Sync;

impl Zip {
    /// What is inside.
    pub fn of(inner: impl Format + 'static) -> Self {
        Self { inside: Inside::Always(Box::new(inner)), suffix: None }
    }

    /// What is inside goes by the files' names.
    pub(super) fn named(format_of: Box<FormatOf>) -> Self {
        Self { inside: Inside::Named(format_of), suffix: None }
    }

    /// Only files whose names end like this, in small letters or large ones. One of them at least must
    /// be there.
    #[must_use]
    pub fn only(mut self, suffix: &str) -> Self {
        self.suffix = Some(suffix.to_ascii_lowercase());
        self
    }

    fn is_wanted(&self, name: &str) -> bool {
        let file = name.rsplit('/').next().unwrap_or(name);
        let is_noise = file.is_empty() || file.starts_with('.') || name.starts_with("__MACOSX/");
        let suffix = self.suffix.as_deref().unwrap_or_default();
        !is_noise && name.to_ascii_lowercase().ends_with(suffix)
    }

    fn decode_file(&self, name: &str, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        match &self.inside {
            Inside::Always(format) => format.decode(body, each),
            Inside::Named(format_of) => format_of(name).decode(body, each),
        }
    }
}

impl Format for Zip {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        let opening = Opening::of(body, ZIP.len())?;
        let mut body = opening.bytes().chain(body);
        if opening.bytes() != ZIP {
            return self.decode_file("", &mut body, each);
        }
        let mut archive = ZipArchive::new(spooled(&mut body)?).map_err(malformed)?;
        let mut decoded = 0;
        for at in 0..archive.len() {
            let file = archive.by_index(at).map_err(malformed)?;
            let name = file.name().map_err(malformed)?.into_owned();
            if !self.is_wanted(&name) {
                continue;
            }
            decoded += 1;
            let inside = Unpacked { inner: file, kind: "zip" };
            let mut body = BufReader::with_capacity(BUFFER, inside);
            self.decode_file(&name, &mut body, each)
                .map_err(|error| error.prefaced(&format!("file {} of the zip: ", at + 1)))?;
        }
        match &self.suffix {
            Some(suffix) if decoded == 0 => {
                Err(Error::system(format!("the zip has no file whose name ends with `{suffix}`")))
            }
            _ => Ok(Rest::Null),
        }
    }
}

impl fmt::Debug for Zip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zip").field("suffix", &self.suffix).finish_non_exhaustive()
    }
}

/// The whole of a body in a file that is gone with its handle.
fn spooled(body: &mut dyn BufRead) -> Result<impl Read + Seek + use<>> {
    let no_room = |_| Error::system("no room for a zip archive in a temporary file");
    let mut file = BufWriter::with_capacity(BUFFER, tempfile::tempfile().map_err(no_room)?);
    loop {
        let part = body.fill_buf().map_err(unreadable)?;
        if part.is_empty() {
            break;
        }
        let length = part.len();
        io::Write::write_all(&mut file, part).map_err(no_room)?;
        body.consume(length);
    }
    let mut file = file.into_inner().map_err(|error| no_room(error.into_error()))?;
    file.rewind().map_err(no_room)?;
    Ok(BufReader::with_capacity(BUFFER, file))
}

fn malformed(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) => unreadable(error),
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            Error::system("the zip is encrypted or packed in a way that isn't supported")
        }
        _ => Error::system("the body is not a zip archive"),
    }
}

/// What comes out of an archive. Its own complaints get words here, others pass through.
struct Unpacked<R> {
    inner: R,
    kind: &'static str,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            let is_ours = error.get_ref().is_some_and(|inner| inner.is::<Error>());
            if is_ours || error.kind() == io::ErrorKind::UnexpectedEof {
                return error;
            }
            io::Error::other(Error::system(format!("the body's {} is damaged", self.kind)))
        })
    }
}

impl<F: Format + ?Sized> Format for &F {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        (**self).decode(body, each)
    }
}

impl<F: Format + ?Sized> Format for Arc<F> {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        (**self).decode(body, each)
    }
}
