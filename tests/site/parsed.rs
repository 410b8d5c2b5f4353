//! A page as html5ever parses it, which is how browsers do, with every error that it noted.

use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// Sees an element, and looks up its attributes.
type See<'s> = dyn FnMut(&Handle, &dyn Fn(&str) -> Option<String>) + 's;

/// A page.
pub struct Parsed {
    dom: RcDom,
    pub errors: Vec<String>,
}

impl Parsed {
    pub fn of(text: &str) -> Self {
        let options = ParseOpts {
            tokenizer: html5ever::tokenizer::TokenizerOpts { exact_errors: true, ..Default::default() },
            ..Default::default()
        };
        let dom = parse_document(RcDom::default(), options).one(text);
        let errors = dom.errors.borrow().iter().map(ToString::to_string).collect();
        Parsed { dom, errors }
    }

    fn walk(&self, see: &mut dyn FnMut(&Handle)) {
        let mut left = vec![self.dom.document.clone()];
        while let Some(node) = left.pop() {
            see(&node);
            left.extend(node.children.borrow().iter().rev().cloned());
        }
    }

    fn elements(&self, name: &str, see: &mut See<'_>) {
        self.walk(&mut |node| {
            if let NodeData::Element { name: element, attrs, .. } = &node.data
                && (name == "*" || &*element.local == name)
            {
                let attribute = |wanted: &str| {
                    let attrs = attrs.borrow();
                    attrs.iter().find(|attr| &*attr.name.local == wanted).map(|attr| attr.value.to_string())
                };
                see(node, &attribute);
            }
        });
    }

    /// How many elements of this name there are.
    pub fn count(&self, name: &str) -> usize {
        let mut count = 0;
        self.elements(name, &mut |_, _| count += 1);
        count
    }

    /// The values of an attribute, of every element of this name that has it; `*` is any name.
    pub fn attribute(&self, name: &str, wanted: &str) -> Vec<String> {
        let mut values = Vec::new();
        self.elements(name, &mut |_, attribute| values.extend(attribute(wanted)));
        values
    }

    /// How many elements of this name lack an attribute.
    pub fn without(&self, name: &str, wanted: &str) -> usize {
        let mut count = 0;
        self.elements(name, &mut |_, attribute| count += usize::from(attribute(wanted).is_none()));
        count
    }

    /// The text in the elements of this name, a line for each piece between tags.
    pub fn text_of(&self, name: &str) -> String {
        self.texts_of(name).into_iter().map(|text| text + "\n").collect()
    }

    /// The pieces of text in the elements of this name, each as it stands between two tags.
    pub fn texts_of(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        self.elements(name, &mut |node, _| {
            let mut left = vec![node.clone()];
            while let Some(node) = left.pop() {
                if let NodeData::Text { contents } = &node.data {
                    texts.push(contents.borrow().to_string());
                }
                left.extend(node.children.borrow().iter().rev().cloned());
            }
        });
        texts
    }
}
