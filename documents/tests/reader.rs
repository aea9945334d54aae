//! Reads back what was drawn, as a person or a search would find it.

use lopdf::{Dictionary, Document, Object};

/// A document read back.
pub(crate) struct Read(Document);

impl Read {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(Document::load_mem(bytes).unwrap())
    }

    pub(crate) fn pages(&self) -> usize {
        self.0.get_pages().len()
    }

    /// The text of one page, counted from 1, without the line breaks that the reader puts in.
    pub(crate) fn page(&self, number: usize) -> String {
        let text = self.0.extract_text(&[u32::try_from(number).unwrap()]).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn text(&self) -> String {
        (1..=self.pages())
            .map(|page| self.page(page))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Width and height of the pages in points.
    pub(crate) fn size(&self) -> (f32, f32) {
        let page = *self.0.get_pages().values().next().unwrap();
        let edges = self
            .0
            .get_dictionary(page)
            .unwrap()
            .get(b"MediaBox")
            .unwrap()
            .as_array()
            .unwrap();
        (edges[2].as_float().unwrap(), edges[3].as_float().unwrap())
    }

    fn catalog(&self) -> &Dictionary {
        self.0.catalog().unwrap()
    }

    pub(crate) fn language(&self) -> String {
        String::from_utf8_lossy(self.catalog().get(b"Lang").unwrap().as_str().unwrap()).into_owned()
    }

    /// The XMP metadata, an XML text.
    pub(crate) fn metadata(&self) -> String {
        let id = self.catalog().get(b"Metadata").unwrap().as_reference().unwrap();
        let stream = self.0.get_object(id).unwrap().as_stream().unwrap();
        String::from_utf8(stream.get_plain_content().unwrap()).unwrap()
    }

    /// The texts that stand in for what a page shows (ActualText of ISO 32000-1, 14.9.4), one after the other.
    pub(crate) fn replaced(&self, number: u32) -> String {
        let content = self.0.get_page_content(self.0.get_pages()[&number]);
        let content = String::from_utf8_lossy(&content).into_owned();
        let texts = content
            .split("/ActualText<")
            .skip(1)
            .filter_map(|rest| rest.split_once('>'));
        texts
            .map(|(text, _)| {
                let bytes = hex::decode(text).unwrap();
                let units: Vec<u16> = bytes
                    .chunks(2)
                    .skip(1)
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect();
                String::from_utf16(&units).unwrap()
            })
            .collect()
    }

    /// How many elements of a kind the structure tree has: `TR`, `TH`, `TD`…
    pub(crate) fn elements(&self, kind: &[u8]) -> usize {
        let is = |object: &&Object| {
            let dictionary = object.as_dict();
            dictionary.is_ok_and(|dictionary| {
                dictionary
                    .get(b"S")
                    .and_then(Object::as_name)
                    .is_ok_and(|name| name == kind)
            })
        };
        self.0.objects.values().filter(is).count()
    }
}
