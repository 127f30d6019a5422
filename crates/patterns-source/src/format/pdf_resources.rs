//! Which fonts and other things pages and forms name: forms without any have those of what shows them.

use std::collections::{BTreeSet, VecDeque};

use pdf_extract::{Document, Object, ObjectId};

use super::pdf_rewrite::{dictionary_in, form, forms};

/// Gives forms without resources those of what shows them first, as viewers do. The fonts of all are objects.
pub(super) fn hand_down(document: &mut Document) {
    let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
    let mut shown: VecDeque<ObjectId> = pages
        .into_iter()
        .filter_map(|page| resources_of(document, page))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(resources) = shown.pop_front() {
        if !seen.insert(resources) {
            continue;
        }
        let named = document.get_dictionary(resources).ok();
        let objects = named.and_then(|it| dictionary_in(document, it, b"XObject"));
        let ids = objects.into_iter().flatten();
        let ids: Vec<ObjectId> = ids.filter_map(|it| it.1.as_reference().ok()).collect();
        for id in ids {
            let Some(has_own) = form(document, id).map(|it| it.1.is_some()) else {
                continue;
            };
            let form = document.get_object_mut(id).and_then(Object::as_stream_mut);
            if let (false, Ok(form)) = (has_own, form) {
                form.dict.set("Resources", resources);
            }
            shown.extend(own_resources(document, id));
        }
    }
    let forms: Vec<ObjectId> = forms(document).collect();
    for id in forms {
        own_fonts(document, id);
    }
}

/// Returns where the resources of a page are, which it may have from one above it.
fn resources_of(document: &mut Document, page: ObjectId) -> Option<ObjectId> {
    let (mut node, mut seen) = (page, BTreeSet::new());
    while seen.insert(node) {
        if let Some(found) = own_resources(document, node) {
            return Some(found);
        }
        let parent = document
            .get_dictionary(node)
            .and_then(|it| it.get(b"Parent"));
        node = parent.and_then(Object::as_reference).ok()?;
    }
    None
}

fn own_resources(document: &mut Document, holder: ObjectId) -> Option<ObjectId> {
    own(document, holder, b"Resources")
}

/// Makes the fonts of a form an object of their own, and returns where they are.
pub(super) fn own_fonts(document: &mut Document, form: ObjectId) -> Option<ObjectId> {
    let resources = own_resources(document, form)?;
    own(document, resources, b"Font")
}

/// Makes a dictionary within an object one of its own, which many can share, and returns where it is.
fn own(document: &mut Document, holder: ObjectId, key: &[u8]) -> Option<ObjectId> {
    let entries = match document.get_object(holder).ok()? {
        Object::Stream(it) => &it.dict,
        other => other.as_dict().ok()?,
    };
    let named = entries.get(key).ok()?;
    let (at, found) = document.dereference(named).ok()?;
    let found = found.as_dict().ok()?;
    if at.is_some() {
        return at;
    }
    let found = found.clone();
    let id = document.add_object(found);
    match document.get_object_mut(holder).ok()? {
        Object::Stream(it) => it.dict.set(key, id),
        other => other.as_dict_mut().ok()?.set(key, id),
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use pdf_extract::{Dictionary, Stream, dictionary};

    use super::*;

    /// A copy for each form and page would take more memory than there is.
    #[test]
    fn forms_share_the_resources_that_they_are_given() {
        let mut document = Document::new();
        let form = dictionary! { "Subtype" => "Form" };
        let forms = [(); 2].map(|()| document.add_object(Stream::new(form.clone(), Vec::new())));
        let objects = dictionary! { "A" => forms[0], "B" => forms[1] };
        let fonts = dictionary! { "F" => Dictionary::new() };
        let pages = document.new_object_id();
        let page = dictionary! { "Type" => "Page", "Parent" => pages };
        let kids = [(); 2].map(|()| document.add_object(page.clone()).into());
        let entries = dictionary! {
            "Type" => "Pages",
            "Kids" => kids.to_vec(),
            "Resources" => dictionary! { "XObject" => objects, "Font" => fonts },
        };
        document.set_object(pages, entries);
        let root = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
        document.trailer.set("Root", root);
        let before = document.objects.len();
        hand_down(&mut document);
        assert_eq!(document.objects.len(), before + 2);
        let resources = |it: &Dictionary| it.get(b"Resources").and_then(Object::as_reference);
        let above = resources(document.get_dictionary(pages).unwrap()).unwrap();
        for form in forms {
            assert_eq!(own_fonts(&mut document, form).unwrap().0, above.0 + 1);
            let form = document.get_object(form).and_then(Object::as_stream);
            assert_eq!(resources(&form.unwrap().dict).unwrap(), above);
        }
    }
}
