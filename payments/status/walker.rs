//! A walk through a document, element by element, with bounds.

use std::borrow::Cow;

use quick_xml::encoding::EncodingError;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::{Kind, StatusFault};

/// The messages have at most 20 levels; their supplementary data may have some more.
const DEPTH: usize = 48;
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// What the walk came to.
pub(super) enum Step {
    /// An element began.
    Opened,
    /// An element ended. Its path is still the walk's.
    Closed(Leaf),
}

/// What an element had.
#[derive(Default)]
pub(super) struct Leaf {
    /// Its own text, without white space around.
    pub(super) text: String,
    /// Its attribute `Ccy`.
    pub(super) currency: Option<String>,
    has_children: bool,
}

/// Walks through a document of a known message.
pub(super) struct Walker<'a> {
    source: &'a [u8],
    reader: NsReader<&'a [u8]>,
    namespace: Vec<u8>,
    kind: Kind,
    path: String,
    levels: Vec<Level>,
    /// How long the path is outside the element that ended last.
    left: Option<usize>,
    lines: usize,
    counted: usize,
}

struct Level {
    /// How long the path was outside the element.
    outside: usize,
    leaf: Leaf,
}

impl<'a> Walker<'a> {
    /// Begins at the root element, whose namespace says which message it is.
    pub(super) fn open(source: &'a str) -> Result<Self, StatusFault> {
        let mut reader = NsReader::from_str(source);
        reader.config_mut().expand_empty_elements = true;
        let mut walker = Self {
            source: source.as_bytes(),
            reader,
            namespace: Vec::new(),
            kind: Kind::Pain002,
            path: String::new(),
            levels: Vec::new(),
            left: None,
            lines: 1,
            counted: 0,
        };
        walker.next()?;
        Ok(walker)
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// The element come to: the names from below the root down to it: `CstmrPmtStsRpt/GrpHdr`.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The line come to, from 1.
    pub(super) fn line(&mut self) -> usize {
        self.line_at(self.reader.buffer_position())
    }

    fn line_at(&mut self, position: u64) -> usize {
        // Counted once over the document, however often it is asked for.
        let to = usize::try_from(position).unwrap_or(usize::MAX).min(self.source.len());
        let passed = self.source.get(self.counted..to).unwrap_or_default();
        self.lines += passed.iter().filter(|byte| **byte == b'\n').count();
        self.counted = self.counted.max(to);
        self.lines
    }

    /// The next beginning or end of an element; `None` after the root element's end.
    pub(super) fn next(&mut self) -> Result<Option<Step>, StatusFault> {
        self.path.truncate(self.left.take().unwrap_or(usize::MAX));
        loop {
            let (namespace, event) = match self.reader.read_resolved_event() {
                Ok(resolved) => resolved,
                Err(fault) => {
                    let line = self.line_at(self.reader.error_position());
                    return Err(StatusFault::Xml {
                        line,
                        what: fault.to_string(),
                    });
                }
            };
            let namespace = match namespace {
                ResolveResult::Bound(namespace) => namespace.into_inner(),
                _ => &[],
            };
            match event {
                Event::Start(element) if self.namespace.is_empty() => {
                    let namespace = namespace.to_vec();
                    return self.root(namespace, &element).map(|()| Some(Step::Opened));
                }
                Event::Start(element) => {
                    let foreign = namespace != self.namespace;
                    return self.opened(foreign, &element).map(|()| Some(Step::Opened));
                }
                Event::End(_) => return Ok(self.closed()),
                Event::Text(text) => self.text(text.xml10_content())?,
                Event::CData(text) => self.text(text.xml10_content())?,
                Event::GeneralRef(reference) => self.reference(&reference)?,
                Event::DocType(_) => return Err(self.forbidden("a document type")),
                Event::Eof => return Err(self.malformed("it ends before its elements do")),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
            }
        }
    }

    fn root(&mut self, namespace: Vec<u8>, element: &BytesStart<'_>) -> Result<(), StatusFault> {
        let found = String::from_utf8_lossy(&namespace).into_owned();
        self.kind = match found.strip_prefix(NAMESPACE).and_then(|message| message.get(..9)) {
            Some("pain.002.") => Kind::Pain002,
            Some("camt.054.") => Kind::Camt054,
            Some("camt.053.") => Kind::Camt053,
            _ if found.is_empty() => {
                let found = String::from_utf8_lossy(element.local_name().as_ref())
                    .chars()
                    .take(80)
                    .collect();
                return Err(StatusFault::Message { found });
            }
            _ => {
                return Err(StatusFault::Message {
                    found: found.chars().take(80).collect(),
                });
            }
        };
        self.namespace = namespace;
        Ok(())
    }

    fn opened(&mut self, foreign: bool, element: &BytesStart<'_>) -> Result<(), StatusFault> {
        if self.levels.len() >= DEPTH {
            return Err(StatusFault::Depth {
                line: self.line(),
                max: DEPTH,
            });
        }
        if let Some(around) = self.levels.last_mut() {
            around.leaf.has_children = true;
        }
        let outside = self.path.len();
        if outside > 0 {
            self.path.push('/');
        }
        if foreign {
            // What another namespace calls by a name of the message is something else.
            self.path.push('*');
        }
        self.path
            .push_str(&String::from_utf8_lossy(element.local_name().as_ref()));
        let currency = match element.try_get_attribute("Ccy") {
            Ok(attribute) => attribute.map(|attribute| String::from_utf8_lossy(&attribute.value).into_owned()),
            Err(fault) => return Err(self.malformed(&fault.to_string())),
        };
        let leaf = Leaf {
            currency,
            ..Leaf::default()
        };
        self.levels.push(Level { outside, leaf });
        Ok(())
    }

    fn closed(&mut self) -> Option<Step> {
        let Level { outside, mut leaf } = self.levels.pop()?;
        self.left = Some(outside);
        leaf.text = if leaf.has_children {
            String::new()
        } else {
            leaf.text.trim().to_owned()
        };
        Some(Step::Closed(leaf))
    }

    fn text(&mut self, text: Result<Cow<'_, str>, EncodingError>) -> Result<(), StatusFault> {
        let text = text.map_err(|fault| self.malformed(&fault.to_string()))?;
        if let Some(level) = self.levels.last_mut() {
            level.leaf.text.push_str(&text);
        }
        Ok(())
    }

    /// `&amp;` and the four like it, and characters by number; no other entity.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), StatusFault> {
        let character = match reference.resolve_char_ref() {
            Ok(Some(character)) => character,
            Ok(None) => match reference.as_ref() {
                b"amp" => '&',
                b"lt" => '<',
                b"gt" => '>',
                b"quot" => '"',
                b"apos" => '\'',
                _ => return Err(self.forbidden("an entity")),
            },
            Err(fault) => return Err(self.malformed(&fault.to_string())),
        };
        if let Some(level) = self.levels.last_mut() {
            level.leaf.text.push(character);
        }
        Ok(())
    }

    fn malformed(&mut self, what: &str) -> StatusFault {
        StatusFault::Xml {
            line: self.line(),
            what: what.to_owned(),
        }
    }

    fn forbidden(&mut self, what: &'static str) -> StatusFault {
        StatusFault::Forbidden {
            line: self.line(),
            what,
        }
    }
}
