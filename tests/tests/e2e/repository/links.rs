//! Links between the documents of the repository.

/// The targets of the links in a page, without those in its code blocks.
pub(super) fn links(page: &str) -> Vec<String> {
    let text: String = page.split("\n```").step_by(2).collect();
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}
