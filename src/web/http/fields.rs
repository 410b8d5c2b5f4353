//! The fields of a head (RFC 9112 5): a line of one, its continuation, and those that come twice.

use super::line::is_token;
use crate::persona::http::{Names, Persona, Wrong};

/// A field, with its name in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
    /// How long its lines are.
    length: usize,
}

impl Field {
    pub fn new(name: &str, value: Vec<u8>) -> Self {
        Field { name: name.into(), length: name.len() + value.len(), value }
    }
}

/// Adds the field that this line has, if there is one.
pub fn add(persona: &Persona, fields: &mut Vec<Field>, text: &[u8]) -> Result<(), Wrong> {
    let form = &persona.fields;
    let length = text.len();
    let text = if form.two_crs { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
    if text.iter().any(|byte| matches!(byte, 0 | b'\r')) {
        return Err(Wrong::Malformed);
    }
    let colon = text.iter().position(|&byte| byte == b':');
    let (name, value) = text.split_at(colon.unwrap_or(text.len()));
    let wrong = match form.name {
        Names::Strict => colon.is_none() || name.is_empty() || !name.iter().all(|&byte| is_token(byte)),
        Names::Ignored => name.is_empty() || name.iter().any(|&byte| byte <= b' ' || byte == 0x7f),
    };
    let value = trimmed(value.get(1..).unwrap_or_default(), form.only_sp);
    if wrong || (form.controls && has_controls(value)) {
        return Err(Wrong::Malformed);
    }
    let name = name.to_ascii_lowercase();
    let known = |list: &[&str]| list.iter().any(|known| known.as_bytes() == name);
    let before = fields.iter().find(|field| field.name == name);
    match before {
        Some(_) if known(form.unique) => return Err(Wrong::Malformed),
        Some(before) if known(form.same) && before.value != value => return Err(Wrong::Malformed),
        Some(_) if known(form.same) || known(form.first) => return Ok(()),
        _ => {}
    }
    fields.push(Field { value: value.to_vec(), name, length });
    Ok(())
}

/// Adds a line that begins with a blank to the field before it.
pub fn fold(persona: &Persona, fields: &mut [Field], text: &[u8]) -> Result<(), Wrong> {
    let form = &persona.fields;
    let last = fields.last_mut().filter(|_| form.folds).ok_or(Wrong::Malformed)?;
    let value = trimmed(text, form.only_sp);
    if value.iter().any(|byte| matches!(byte, 0 | b'\r')) || (form.controls && has_controls(value)) {
        return Err(Wrong::Malformed);
    }
    last.length = last.length.saturating_add(text.len());
    if last.length > persona.limits.field {
        return Err(persona.limits.field_wrong);
    }
    last.value.push(b' ');
    last.value.extend_from_slice(value);
    Ok(())
}

fn has_controls(value: &[u8]) -> bool {
    value.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t')
}

fn trimmed(mut value: &[u8], only_sp: bool) -> &[u8] {
    let blank = |byte: &u8| *byte == b' ' || (*byte == b'\t' && !only_sp);
    while let Some((_, rest)) = value.split_first().filter(|(byte, _)| blank(byte)) {
        value = rest;
    }
    while let Some((_, rest)) = value.split_last().filter(|(byte, _)| blank(byte)) {
        value = rest;
    }
    value
}
