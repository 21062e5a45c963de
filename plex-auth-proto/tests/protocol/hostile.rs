//! Properties: no input from the caller or the server causes a panic, splits a request or is
//! changed in an undocumented way.

use crate::config;
use plex_auth_proto::device::DeviceId;
use plex_auth_proto::home::{HomePin, HomeUserUuid};
use plex_auth_proto::http::{HeaderMap, HeaderName, HeaderValue, Response};
use plex_auth_proto::pin::{ForwardUrl, PinCode, PinId, StrongPin};
use plex_auth_proto::server::{ClaimToken, Scope, TokenType};
use plex_auth_proto::{
    ClientIdentity, Credentials, MediaServer, MediaServerAddress, PlexTv, ResponseError, ServerUrl,
    Source, Token,
};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

fn me() -> ClientIdentity {
    ClientIdentity::builder("id").build().unwrap()
}

fn server() -> MediaServer {
    MediaServer::new(me(), "http://10.0.0.7:32400".parse().unwrap(), Token::new("t0ken").unwrap())
}

/// Generates text that often contains characters that could break a request.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "\r\n", "\0", "&", "=", "+", "%", "%20", "://", "é", "客", "😀", " "
        ])
        .prop_map(str::to_owned),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Generates text that is valid in a header.
fn plain_text() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.chars().filter(|character| !character.is_control()).collect())
}

/// Generates bodies that resemble Plex's, or arbitrary bytes.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\"authToken\"",
        "\"id\"",
        "4711",
        "\"errors\"",
        "\"code\"",
        "1001",
        "1e999",
        "\"\\ud800\"",
        "null",
        "true",
        "<",
        "/>",
        "<MediaContainer",
        " token=\"x\"",
        "<errors>",
        "</errors>",
        "<error code='1'/>",
        "\"MediaContainer\"",
        "\"Device\"",
        "\u{feff}",
        "<html>",
        "<!DOCTYPE",
        "&#0;",
    ];
    let shaped = vec(prop::sample::select(pieces.to_vec()), 0..40)
        .prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![shaped, vec(any::<u8>(), 0..400)]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let names = ["content-length", "content-encoding", "location", "retry-after", "content-type"];
    let header = (prop::sample::select(names.to_vec()), vec(any::<u8>(), 0..60));
    vec(header, 0..5).prop_map(|list| {
        let usable = list.into_iter().filter_map(|(name, value)| {
            Some((HeaderName::from_static(name), HeaderValue::from_bytes(&value).ok()?))
        });
        usable.collect()
    })
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn any_response_is_handled_without_secrets(
        status in 100_u16..1000, headers in headers(), body in body(),
    ) {
        let answer = {
            let mut answer = Response::new(body);
            *answer.status_mut() = status.try_into().unwrap();
            *answer.headers_mut() = headers;
            answer
        };
        let check = |error: Option<ResponseError>| {
            let shown = error.map(|error| format!("{error} {error:?}")).unwrap_or_default();
            !shown.contains("t0ken") && !shown.contains("pa55") && !shown.contains('\n')
        };
        let credentials = Credentials::new("rosa", "pa55").unwrap();
        let source = "server://x".parse().unwrap();
        let (_, sign_in) = PlexTv::new(me()).sign_in(&credentials).into_parts();
        let (_, details) = PlexTv::new(me()).token_details(&Token::new("t0ken").unwrap()).into_parts();
        let (_, transient) = server().transient_token(TokenType::Delegation, Scope::All).into_parts();
        let (_, source) = server().source_connection_information(&source).into_parts();
        prop_assert!(check(sign_in.parse(&answer).err()));
        prop_assert!(check(details.parse(&answer).err()));
        prop_assert!(check(transient.parse(&answer).err()));
        prop_assert!(check(source.parse(&answer).err()));
        let (_, strong) = PlexTv::new(me()).create_strong_pin().into_parts();
        let (_, poll) = PlexTv::new(me()).poll_pin(&PinId::new(4711)).into_parts();
        prop_assert!(check(strong.parse(&answer).err()));
        prop_assert!(check(poll.parse(&answer).err()));
        let (plex_tv, token) = (PlexTv::new(me()), Token::new("t0ken").unwrap());
        let pin = HomePin::new("0815").unwrap();
        let switch = plex_tv.switch_home_user(&token, &"5e1f".parse().unwrap(), Some(&pin));
        let claim = server().claim(&ClaimToken::new("claim-t0ken").unwrap());
        for error in [
            plex_tv.ping(&token).reply().parse(&answer).err(),
            plex_tv.sign_out(&token).reply().parse(&answer).err(),
            plex_tv.resources(&token).reply().parse(&answer).err(),
            plex_tv.home_users(&token).reply().parse(&answer).err(),
            switch.reply().parse(&answer).err(),
            plex_tv.devices(&token).reply().parse(&answer).err(),
            plex_tv.remove_device(&token, DeviceId(7)).reply().parse(&answer).err(),
            plex_tv.claim_token(&token).reply().parse(&answer).err(),
            server().server_identity().reply().parse(&answer).err(),
            server().root().reply().parse(&answer).err(),
            claim.reply().parse(&answer).err(),
            server().unclaim().reply().parse(&answer).err(),
        ] {
            prop_assert!(check(error));
        }
        prop_assert!(sign_in.body_limit(answer.status(), answer.headers()) <= 1_048_577);
    }

    #[test]
    fn identity_is_sent_unchanged_or_refused(value in text()) {
        let built = ClientIdentity::builder("id").device_name(&*value).build();
        match built {
            Ok(identity) => {
                let sent = identity.headers().get("x-plex-device-name");
                let sent = sent.map_or(&b""[..], |value| value.as_bytes());
                prop_assert_eq!(sent, value.trim().as_bytes());
                prop_assert!(!sent.iter().any(|byte| byte.is_ascii_control()));
            }
            Err(error) => prop_assert_eq!(error.field(), "device name"),
        }
    }

    #[test]
    fn credentials_are_sent_unchanged_or_refused(login in text(), password in text()) {
        if let Ok(credentials) = Credentials::new(&*login, &*password) {
            let call = PlexTv::new(me()).sign_in(&credentials.verification_code(&*login));
            let form: Vec<(String, String)> =
                form_urlencoded::parse(call.request().body().as_ref()).into_owned().collect();
            let expected = [
                ("login", login.trim()),
                ("password", &password),
                ("rememberMe", "false"),
                ("verificationCode", login.trim()),
            ];
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            prop_assert_eq!(form, expected);
        } else {
            prop_assert!(login.trim().is_empty() || password.is_empty());
        }
    }

    #[test]
    fn code_is_sent_unchanged_or_refused(text in text()) {
        let bare: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        match PinCode::new(&text) {
            Ok(code) => {
                let call = PlexTv::new(me()).link_pin(&Token::new("t0ken").unwrap(), &code);
                let form: Vec<(String, String)> =
                    form_urlencoded::parse(call.request().body().as_ref()).into_owned().collect();
                let meant = if bare.len() <= 8 { bare.to_ascii_uppercase() } else { bare };
                prop_assert_eq!(form, [("code".to_owned(), meant)]);
            }
            Err(_) => {
                let is_plain = bare.bytes().all(|byte| byte.is_ascii_graphic());
                prop_assert!(bare.is_empty() || bare.len() > 128 || !is_plain, "{:?}", bare);
            }
        }
    }

    #[test]
    fn hosted_page_has_exactly_its_values(
        identifier in "[!-~]{1,40}", code in "[!-~]{1,40}", values in vec(plain_text(), 7),
        forward in text(),
    ) {
        let [product, version, platform, platform_version, device, device_name, model] = &values[..]
        else { unreachable!("there are seven") };
        let identity = ClientIdentity::builder(&*identifier)
            .product(product).version(version).platform(platform).platform_version(platform_version)
            .device(device).device_name(device_name).model(model);
        let plex_tv = PlexTv::new(identity.build().unwrap());
        let pin: StrongPin =
            serde_json::from_value(serde_json::json!({"id": 7, "code": code})).unwrap();
        let forward = format!("https://app.example.org/{forward}").parse::<ForwardUrl>().ok();

        let page = pin.hosted_page(&plex_tv);
        let page = forward.iter().fold(page, |page, forward| page.forward_to(forward)).to_string();
        prop_assert!(page.bytes().all(|byte| byte.is_ascii_graphic()), "{}", page);
        let (before, fragment) = page.split_once('#').unwrap();
        prop_assert_eq!(before, "https://app.plex.tv/auth");
        prop_assert!(!fragment.contains(['#', '[', ']', '+']), "{}", page);
        let pairs: Vec<_> =
            form_urlencoded::parse(fragment.strip_prefix('?').unwrap().as_bytes()).into_owned().collect();

        let names = ["product", "version", "platform", "platformVersion", "device", "deviceName", "model"];
        let device = names.iter().zip(&values).map(|(name, value)| {
            (format!("context[device][{name}]"), value.trim().to_owned())
        });
        let mut expected =
            vec![("clientID".to_owned(), identifier.clone()), ("code".to_owned(), code.clone())];
        expected.extend(forward.map(|forward| ("forwardUrl".to_owned(), forward.to_string())));
        expected.extend(device.filter(|(_, value)| !value.is_empty()));
        prop_assert_eq!(pairs, expected);
    }

    #[test]
    fn source_is_sent_unchanged_or_refused(text in text()) {
        if let Ok(source) = Source::server(&text) {
            let call = server().source_connection_information(&source);
            let query = call.request().uri().query().unwrap().to_owned();
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            prop_assert_eq!(pairs, [("source".to_owned(), source.as_str().to_owned())]);
            prop_assert_eq!(source.as_str(), format!("server://{}", text.trim()));
        }
    }

    #[test]
    fn claim_token_is_sent_unchanged_or_refused(text in text()) {
        let longest = format!("https://plex.example/{}", "a".repeat(2000));
        let address = MediaServerAddress::new(me(), longest.parse().unwrap());
        if let Ok(claim_token) = ClaimToken::new(format!("claim-{text}")) {
            let call = address.claim(&claim_token);
            let query = call.request().uri().query().unwrap().to_owned();
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            prop_assert_eq!(pairs, [("token".to_owned(), format!("claim-{}", text.trim()))]);
        }
    }

    #[test]
    fn home_user_stays_in_its_path_or_is_refused(text in text(), plain in "[a-zA-Z0-9./%-]{0,70}") {
        for text in [text, plain] {
            if let Ok(uuid) = text.parse::<HomeUserUuid>() {
                let token = Token::new("t0ken").unwrap();
                let call = PlexTv::new(me()).switch_home_user(&token, &uuid, None);
                let expected = format!("https://plex.tv/api/v2/home/users/{}/switch", text.trim());
                prop_assert_eq!(call.request().uri().to_string(), expected);
                prop_assert!(!uuid.as_str().contains(['/', '.', '%']));
            }
        }
    }

    #[test]
    fn server_url_joins_or_is_refused(text in text(), host in "[a-z0-9.:@\\[\\]/?#_-]{0,20}") {
        for text in [format!("http://{host}"), format!("https://{host}{text}"), format!("{host}{text}"), text] {
            match text.parse::<ServerUrl>() {
                Ok(url) => {
                    let again: ServerUrl = url.to_string().parse().unwrap();
                    prop_assert_eq!(&again, &url);
                    let server = MediaServer::new(me(), url.clone(), Token::new("x").unwrap());
                    let call = server.transient_token(TokenType::Delegation, Scope::All);
                    let expected = format!("{url}/security/token?type=delegation&scope=all");
                    prop_assert_eq!(call.request().uri().to_string(), expected);
                }
                Err(error) => {
                    prop_assert!(error.corrected().is_none_or(|corrected| corrected.parse::<ServerUrl>().is_ok()));
                    prop_assert!(error.corrected().is_none_or(|corrected| !corrected.contains(['@', '?', '#'])));
                }
            }
        }
    }

    #[test]
    fn token_is_kept_unchanged_or_refused(text in text()) {
        if let Ok(token) = Token::new(&text) {
            prop_assert_eq!(token.expose(), text.trim());
            prop_assert!(token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
