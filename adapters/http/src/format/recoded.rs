//! Texts that aren't in UTF-8.

use super::opening::Opening;
use super::{Each, Format, Rest};
use airbyte_singer_runtime::{Error, Result};
use encoding_rs::{
    Decoder, DecoderResult, Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE,
};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

/// How much is turned into UTF-8 at once.
const BUFFER: usize = 32 * 1024;
/// So many bytes of a text show whether it is in UTF-8.
const ENOUGH: usize = 4;
const ESCAPE: u8 = 0x1b;

/// What a text is written in, and who says so.
#[derive(Debug, Clone, Copy)]
pub(super) enum WrittenIn {
    /// The user.
    Said(&'static Encoding),
    /// The header. Many servers say one by default and write UTF-8 all the same.
    Told(&'static Encoding),
    /// Nobody.
    Unknown,
}

/// The encoding that the header Content-Type tells.
pub(super) fn told(content_type: &str) -> WrittenIn {
    let parameters = content_type.split(';').skip(1);
    let charset =
        parameters.filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim())
        });
    let encoding =
        charset.and_then(|label| Encoding::for_label(label.trim_matches('"').as_bytes()));
    encoding.map_or(WrittenIn::Unknown, WrittenIn::Told)
}

/// A format whose text may be in another encoding than UTF-8: a byte order mark says so first, then the
/// user, the header, and XML itself.
pub(super) struct Recoded {
    pub(super) format: Arc<dyn Format>,
    pub(super) written_in: WrittenIn,
}

impl Recoded {
    fn encoding(&self, start: &[u8]) -> WrittenIn {
        if let Some((encoding, _)) = Encoding::for_bom(start) {
            return WrittenIn::Said(encoding);
        }
        let by_zeros = match start {
            [0, byte, ..] if *byte != 0 => Some(UTF_16BE),
            [byte, 0, ..] if *byte != 0 => Some(UTF_16LE),
            _ => None,
        };
        match self.written_in {
            WrittenIn::Said(encoding) if [UTF_16LE, UTF_16BE].contains(&encoding) => {
                WrittenIn::Said(by_zeros.unwrap_or(encoding))
            }
            WrittenIn::Said(encoding) => WrittenIn::Said(encoding),
            // No text of another encoding has zeros.
            _ if by_zeros.is_some() => by_zeros.map_or(WrittenIn::Unknown, WrittenIn::Said),
            WrittenIn::Told(encoding)
                if [UTF_16LE, UTF_16BE].contains(&encoding) && !may_be_utf8(start) =>
            {
                WrittenIn::Said(encoding)
            }
            WrittenIn::Told(encoding) => WrittenIn::Told(encoding),
            WrittenIn::Unknown => declared(start).map_or(WrittenIn::Unknown, WrittenIn::Told),
        }
    }
}

/// Whether a text that begins so may be in UTF-8: the characters may be whole, and none of them is NUL,
/// half of which most texts in UTF-16 have.
fn may_be_utf8(start: &[u8]) -> bool {
    let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
    !start.contains(&0) && std::str::from_utf8(start).map_or_else(is_cut, |_| true)
}

/// The encoding that an XML document declares.
fn declared(start: &[u8]) -> Option<&'static Encoding> {
    let start = start.strip_prefix(b"<?xml")?;
    let end = start.windows(2).position(|end| end == b"?>")?;
    let declaration = std::str::from_utf8(&start[..end]).ok()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Encoding::for_label(value[1..].split(quote).next()?.as_bytes())
}

impl Format for Recoded {
    fn decode(&self, body: &mut dyn BufRead, each: &mut Each<'_>) -> Result<Rest> {
        const START: usize = 256;
        let opening = Opening::of(body, START)?;
        let mut body = opening.bytes().chain(body);
        let written_in = self.encoding(opening.bytes());
        match written_in {
            WrittenIn::Unknown => self.format.decode(&mut body, each),
            WrittenIn::Said(encoding) | WrittenIn::Told(encoding) if encoding == UTF_8 => {
                self.format.decode(&mut body, each)
            }
            WrittenIn::Said(encoding) => {
                let mut text = Recoding::new(body, encoding);
                text.decoder = Some(encoding.new_decoder());
                self.format.decode(&mut text, each)
            }
            WrittenIn::Told(encoding) => {
                self.format.decode(&mut Recoding::new(body, encoding), each)
            }
        }
    }
}

/// A text as it becomes one in UTF-8.
struct Recoding<R> {
    inner: R,
    encoding: &'static Encoding,
    /// None as long as it is plain, which is the same in UTF-8.
    decoder: Option<Decoder>,
    is_utf8: bool,
    /// What was looked at and not read yet.
    ahead: VecDeque<u8>,
    ready: Vec<u8>,
    read: usize,
    is_over: bool,
}

impl<R: BufRead> Recoding<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            encoding,
            decoder: None,
            is_utf8: false,
            ahead: VecDeque::new(),
            ready: Vec::new(),
            read: 0,
            is_over: false,
        }
    }

    /// Makes more of the text ready, or finds that there is no more.
    fn more(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.read = 0;
        while self.ready.is_empty() && !self.is_over {
            if self.ahead.is_empty() {
                let part = self.inner.fill_buf()?;
                let length = part.len().min(BUFFER);
                self.ahead.extend(&part[..length]);
                self.inner.consume(length);
            }
            if self.ahead.is_empty() {
                self.is_over = true;
            }
            match &mut self.decoder {
                Some(_) => self.recode()?,
                None if self.is_utf8 => self.ready.extend(self.ahead.drain(..)),
                None => self.plain()?,
            }
        }
        Ok(())
    }

    /// Passes plain text on up to the first other byte, at which it is seen what it is written in.
    fn plain(&mut self) -> io::Result<()> {
        // Texts in ISO-2022-JP and its like have seven bits, and an escape before what isn't ASCII.
        let has_escapes = [ISO_2022_JP, REPLACEMENT].contains(&self.encoding);
        let is_plain = |byte: &u8| byte.is_ascii() && !(has_escapes && *byte == ESCAPE);
        let plain = self.ahead.iter().take_while(|byte| is_plain(byte)).count();
        self.ready.extend(self.ahead.drain(..plain));
        match self.ahead.front() {
            None => return Ok(()),
            Some(&ESCAPE) if has_escapes => {
                self.decoder = Some(self.encoding.new_decoder_without_bom_handling());
                return Ok(());
            }
            Some(_) => {}
        }
        while self.ahead.len() < ENOUGH {
            let part = self.inner.fill_buf()?;
            if part.is_empty() {
                break;
            }
            let length = part.len().min(BUFFER);
            self.ahead.extend(&part[..length]);
            self.inner.consume(length);
        }
        match std::str::from_utf8(self.ahead.make_contiguous()) {
            Ok(_) => self.is_utf8 = true,
            Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
                self.is_utf8 = true;
            }
            Err(_) => self.decoder = Some(self.encoding.new_decoder_without_bom_handling()),
        }
        Ok(())
    }

    fn recode(&mut self) -> io::Result<()> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let text = self.ahead.make_contiguous();
        let mut taken = 0;
        loop {
            let from = self.ready.len();
            self.ready.resize(from + BUFFER, 0);
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(
                &text[taken..],
                &mut self.ready[from..],
                self.is_over,
            );
            taken += read;
            self.ready.truncate(from + written);
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let text = match self.encoding.name() {
                        _ if self.encoding == REPLACEMENT => {
                            "the body is in an encoding that isn't known".to_owned()
                        }
                        name => format!("the body is not in {name}, as which it is read"),
                    };
                    return Err(io::Error::other(Error::system(text)));
                }
            }
        }
        self.ahead.clear();
        Ok(())
    }
}

impl<R: BufRead> BufRead for Recoding<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read == self.ready.len() {
            self.more()?;
        }
        Ok(&self.ready[self.read..])
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount;
    }
}

impl<R: BufRead> Read for Recoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buffer)?;
        self.consume(taken);
        Ok(taken)
    }
}
