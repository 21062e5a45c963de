//! The imports between the files of a crate, read from its sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ItemMacro, ItemMod, ItemUse, UseTree, VisRestricted};

/// A crate's source files, by their path below `src`.
pub(super) type Sources = BTreeMap<String, String>;

/// A name that one file uses from another file of the same crate.
pub(super) struct Import {
    pub(super) file: String,
    line: usize,
    path: String,
    pub(super) from: String,
}

impl Import {
    pub(super) fn describe(&self) -> String {
        let Self { file, line, path, from } = self;
        format!("{file}:{line} imports {path} from {from}")
    }
}

/// A path as written, with the module that it is written in.
struct Written {
    module: Vec<String>,
    path: Vec<String>,
    line: usize,
    /// The name that the path brings into scope, if it is in a `use` and not a glob.
    name: Option<String>,
}

/// The paths that a file uses outside its tests.
#[derive(Default)]
struct Paths {
    module: Vec<String>,
    found: Vec<Written>,
    /// Whether the code is inside `macro_rules!`, where relative paths are resolved at the call
    /// site.
    in_macro_definition: bool,
}

impl Paths {
    fn add(&mut self, path: Vec<String>, line: usize, name: Option<String>) {
        let absolute = path.first().is_some_and(|first| first == "crate");
        if path.len() > 1 && (absolute || !self.in_macro_definition) {
            self.found.push(Written { module: self.module.clone(), path, line, name });
        }
    }

    fn add_use(&mut self, mut path: Vec<String>, tree: &UseTree) {
        let mut add = |ident: &Ident, name: &Ident| {
            // In `a::b::{self}`, the name is `b`.
            let is_self = ident == "self" && !path.is_empty();
            let name = if is_self { path.last().cloned() } else { Some(name.to_string()) };
            let own = (!is_self).then(|| ident.to_string());
            self.add(path.iter().cloned().chain(own).collect(), ident.span().start().line, name);
        };
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                self.add_use(path, &tree.tree);
            }
            UseTree::Name(tree) => add(&tree.ident, &tree.ident),
            UseTree::Rename(tree) => add(&tree.ident, &tree.rename),
            UseTree::Glob(tree) => {
                path.push("*".into());
                self.add(path, tree.star_token.spans[0].start().line, None);
            }
            UseTree::Group(tree) => {
                tree.items.iter().for_each(|tree| self.add_use(path.clone(), tree));
            }
        }
    }
}

impl Visit<'_> for Paths {
    fn visit_item_mod(&mut self, item: &ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            let condition = attribute.parse_args::<Ident>();
            attribute.path().is_ident("cfg") && condition.is_ok_and(|condition| condition == "test")
        };
        if !item.attrs.iter().any(is_test) {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        if item.leading_colon.is_none() {
            self.add_use(Vec::new(), &item.tree);
        }
    }

    fn visit_item_macro(&mut self, item: &ItemMacro) {
        self.in_macro_definition = item.ident.is_some();
        visit::visit_item_macro(self, item);
        self.in_macro_definition = false;
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if let (None, Some(first)) = (&path.leading_colon, path.segments.first()) {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string());
            self.add(segments.collect(), first.ident.span().start().line, None);
        }
        visit::visit_path(self, path);
    }

    /// Ignores `pub(in crate::a)`, which imports nothing.
    fn visit_vis_restricted(&mut self, _: &VisRestricted) {}

    fn visit_token_stream(&mut self, tokens: &TokenStream) {
        let (mut path, mut line, mut colons) = (Vec::new(), 0, 0);
        for token in tokens.clone() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(ident) if colons == 2 && !path.is_empty() => {
                    path.push(ident.to_string());
                }
                token => {
                    self.add(std::mem::take(&mut path), line, None);
                    match token {
                        TokenTree::Ident(ident) => {
                            path.push(ident.to_string());
                            line = ident.span().start().line;
                        }
                        TokenTree::Group(group) => self.visit_token_stream(&group.stream()),
                        TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                    }
                }
            }
            colons = 0;
        }
        self.add(path, line, None);
    }
}

/// Returns the path of a file's module, which is empty for the crate root.
fn module(file: &str) -> Vec<String> {
    match file.trim_end_matches(".rs") {
        "lib" | "main" => Vec::new(),
        path => path.trim_end_matches("/mod").split('/').map(str::to_owned).collect(),
    }
}

/// Returns every import of a name from another file of the same crate.
pub(super) fn imports(sources: &Sources) -> Vec<Import> {
    // A package can have both lib.rs and main.rs: the root is the one that declares the modules.
    let is_module = |(file, text): &(&String, &String)| {
        let declares = |line: &str| line.trim_start_matches("pub ").starts_with("mod ");
        !module(file).is_empty() || text.lines().any(declares)
    };
    let files = sources.iter().filter(is_module).map(|(file, _)| (module(file), file));
    let files: BTreeMap<_, _> = files.collect();
    let mut imports = Vec::new();
    for (file, text) in sources {
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut paths = Paths { module: module(file), ..Paths::default() };
        paths.visit_file(&syntax);

        let mut names = BTreeMap::new();
        for Written { module, path, name, .. } in &paths.found {
            let module = absolute(module, path, &files, &names);
            if let (Some(name), Some(module)) = (name, module)
                && files.contains_key(&module)
            {
                names.insert(name.clone(), module);
            }
        }
        for Written { module, path, line, .. } in &paths.found {
            let Some(found) = absolute(module, path, &files, &names) else { continue };
            let from = (0..=found.len()).rev().find_map(|length| files.get(&found[..length]));
            if let Some(&from) = from.filter(|from| **from != file) {
                let (file, from, path) = (file.clone(), from.clone(), path.join("::"));
                imports.push(Import { file, line: *line, path, from });
            }
        }
    }
    imports
}

/// Converts a path to a path from the crate root. Returns `None` if the path does not lead into the
/// crate: it must start with a keyword, a child module, or a module that a `use` brought into
/// scope.
fn absolute(
    module: &[String],
    path: &[String],
    files: &BTreeMap<Vec<String>, &String>,
    names: &BTreeMap<String, Vec<String>>,
) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    let start = match first.as_str() {
        "crate" => Vec::new(),
        "self" => module.to_vec(),
        "super" => {
            let parent = module.split_last()?.1;
            match rest.first().map(String::as_str) {
                Some("super") => return absolute(parent, rest, files, names),
                _ => parent.to_vec(),
            }
        }
        _ => {
            let child = [module, &path[..1]].concat();
            if files.contains_key(&child) { child } else { names.get(first)?.clone() }
        }
    };
    Some([&start, rest].concat())
}

/// Reads a crate's sources, except programs in `bin`, which are separate crates, and tests, which
/// may import anything.
pub(super) fn read(src: &str) -> Sources {
    fn add(root: &Path, folder: &Path, sources: &mut Sources) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            if name == "bin" || name.split('/').any(|part| part == "tests" || part == "tests.rs") {
                continue;
            }
            if path.is_dir() {
                add(root, &path, sources);
            } else if name.ends_with(".rs") {
                sources.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut sources = Sources::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(src);
    add(&root, &root, &mut sources);
    sources
}
