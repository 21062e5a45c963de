//! The fields of an identity. Either every nonempty field is sent unchanged, apart from surrounding
//! whitespace, or the identity is rejected and the error names the first invalid field.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::texts;
use plex_auth_proto::error::IdentityProblem;
use plex_auth_proto::{ClientIdentity, ClientIdentityBuilder};

type Setter = fn(ClientIdentityBuilder, String) -> ClientIdentityBuilder;

const FIELDS: [(&str, &str, Setter); 12] = [
    ("product", "x-plex-product", ClientIdentityBuilder::product),
    ("version", "x-plex-version", ClientIdentityBuilder::version),
    ("platform", "x-plex-platform", ClientIdentityBuilder::platform),
    ("platform version", "x-plex-platform-version", ClientIdentityBuilder::platform_version),
    ("device", "x-plex-device", ClientIdentityBuilder::device),
    ("device name", "x-plex-device-name", ClientIdentityBuilder::device_name),
    ("model", "x-plex-model", ClientIdentityBuilder::model),
    ("vendor", "x-plex-device-vendor", ClientIdentityBuilder::vendor),
    ("marketplace", "x-plex-marketplace", ClientIdentityBuilder::marketplace),
    ("provides list", "x-plex-provides", ClientIdentityBuilder::provides),
    ("language", "x-plex-language", ClientIdentityBuilder::language),
    ("user agent", "user-agent", ClientIdentityBuilder::user_agent),
];

fuzz_target!(|data: &[u8]| {
    let mut texts = texts(data);
    let identifier = texts.next().unwrap_or_default();
    let mut builder = ClientIdentity::builder(&*identifier);
    let mut wanted = vec![("client identifier", "x-plex-client-identifier", identifier)];
    for ((name, header, set), text) in FIELDS.into_iter().zip(texts) {
        builder = set(builder, text.to_string());
        wanted.push((name, header, text));
    }
    let first_wrong = wanted
        .iter()
        .find_map(|(name, _, text)| problem(name, text.trim()).map(|problem| (*name, problem)));
    match (builder.build(), first_wrong) {
        (Ok(identity), None) => {
            for (_, header, text) in &wanted {
                check_sent(&identity, header, text.trim());
            }
        }
        (Err(error), Some((name, problem))) => {
            assert_eq!((error.field(), error.problem()), (name, problem));
            assert!(!error.to_string().contains(char::is_control));
        }
        (built, wrong) => panic!("{wrong:?} is wrong: {built:?}"),
    }
});

fn problem(name: &str, value: &str) -> Option<IdentityProblem> {
    let is_ascii = matches!(name, "client identifier" | "user agent");
    if value.is_empty() {
        (name == "client identifier").then_some(IdentityProblem::Empty)
    } else if value.len() > 1024 {
        Some(IdentityProblem::TooLong)
    } else if value.contains(['\r', '\n']) {
        Some(IdentityProblem::LineBreak)
    } else if value.contains(char::is_control) {
        Some(IdentityProblem::ControlCharacter)
    } else {
        (is_ascii && !value.is_ascii()).then_some(IdentityProblem::NotAscii)
    }
}

fn check_sent(identity: &ClientIdentity, header: &str, value: &str) {
    let sent: Vec<_> =
        identity.headers().get_all(header).iter().map(|sent| sent.as_bytes()).collect();
    match (sent.as_slice(), value) {
        ([agent], "") => assert!(header == "user-agent" && agent.starts_with(b"plex-auth/")),
        ([], "") => {}
        ([sent], value) => {
            assert_eq!(*sent, value.as_bytes(), "{header}");
            assert!(!sent.iter().any(u8::is_ascii_control), "{header}");
        }
        _ => panic!("{header}: {value:?} became {sent:?}"),
    }
    if header == "x-plex-client-identifier" {
        assert_eq!(identity.identifier(), value);
    }
}
