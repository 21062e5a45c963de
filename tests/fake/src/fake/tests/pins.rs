use super::*;

fn made(plex: &mut FakePlex, strong: bool) -> Value {
    let target = if strong { "/api/v2/pins?strong=true" } else { "/api/v2/pins" };
    let answer = asking("POST", target).header("x-plex-product", "My & App #1").json().of(plex);
    assert_eq!(answer.status(), 201);
    answer.value()
}

fn poll(id: &Value) -> Asking {
    asking("GET", &format!("/api/v2/pins/{id}")).json()
}

fn form(method: &str, target: &str, fields: &[(&str, &str)]) -> Asking {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let asking = asking(method, target).header("content-type", "application/x-www-form-urlencoded");
    Asking(asking.0, body.finish().into_bytes())
}

fn link(plex: &FakePlex, code: &Value, who: Who) -> Asking {
    let token = plex.account(who).token().to_owned();
    form("PUT", "/api/v2/pins/link", &[("code", code.as_str().unwrap())]).token(&token).json()
}

/// The one error, which says its code alone.
fn is_gone(answer: &Answer) -> bool {
    let error = &answer.value()["errors"][0];
    assert!(error.get("status").is_none(), "{error}");
    (answer.status(), error["code"].as_u64()) == (404, Some(1020))
}

#[test]
fn a_short_and_a_strong_pin_are_made_each_in_its_way() {
    let mut plex = FakePlex::new();
    for (strong, length, seconds) in [(false, 4, 900), (true, 25, 1800)] {
        let pin = made(&mut plex, strong);
        let code = pin["code"].as_str().unwrap();
        assert_eq!(code.len(), length, "{code}");
        assert!(!code.contains(['O', '0', 'I', '1']) || strong, "{code}");
        assert_eq!(pin["expiresIn"], seconds);
        assert_eq!(pin["createdAt"], "2023-11-14T22:13:20Z");
        assert_eq!(pin["clientIdentifier"], "a-television");
        assert_eq!(pin["product"], "My & App #1");
        assert_eq!(pin["authToken"], Value::Null);
        assert_eq!(pin["location"]["postal_code"], 9750);
    }
    let in_xml = asking("POST", "/pins").of(&mut plex);
    assert!(in_xml.text().contains("<pin authToken=\"\""), "{}", in_xml.text());
    assert!(in_xml.text().contains(" id=\"2147483648\""), "{}", in_xml.text());
    let nobody = asking("POST", "/pins").without("x-plex-client-identifier").json();
    assert_eq!(nobody.of(&mut plex).code(), (400, 1000));
}

#[test]
fn no_two_pins_are_the_same() {
    let mut plex = FakePlex::new();
    let mut codes: Vec<_> =
        (0..50).map(|_| made(&mut plex, false)["code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 50);
    let ids: Vec<_> = plex.pins().map(Pin::id).collect();
    assert!(ids.windows(2).all(|two| two[0] < two[1]));
    assert!(ids[0] < 1 << 31 && ids[49] > 1 << 31);
}

#[test]
fn a_pin_waits_until_it_is_linked_and_then_brings_a_token_that_works() {
    for strong in [false, true] {
        let mut plex = FakePlex::new();
        let pin = made(&mut plex, strong);
        let waiting = poll(&pin["id"]).of_at(&mut plex, NOW + 10).value();
        assert_eq!(waiting["authToken"], Value::Null);
        assert_eq!(waiting["expiresIn"], if strong { 1790 } else { 890 });

        let linked = link(&plex, &pin["code"], Who::Free).of(&mut plex);
        assert_eq!((linked.status(), linked.text()), (204, ""));
        let answer = poll(&pin["id"]).of(&mut plex).value();
        let token = answer["authToken"].as_str().unwrap();
        let user = asking("GET", "/user").token(token).json().of(&mut plex).value();
        assert_eq!(user["username"], "tariq");
        assert_eq!(plex.pins().next().unwrap().linked_by(), Some(Who::Free));
        assert_eq!(plex.pins().next().unwrap().token(), Some(token));
    }
}

#[test]
fn a_pin_is_found_under_its_own_identifier_and_in_its_own_time_alone() {
    let mut plex = FakePlex::new();
    let pin = made(&mut plex, false);
    let other = poll(&pin["id"]).without("x-plex-client-identifier");
    let other = other.header("x-plex-client-identifier", "a-radio");
    assert!(is_gone(&other.of(&mut plex)));
    for unknown in ["1", "link", "x", "99999999999999999999"] {
        let asked = asking("GET", &format!("/pins/{unknown}")).json();
        assert!(is_gone(&asked.of(&mut plex)), "{unknown}");
    }
    assert_eq!(poll(&pin["id"]).of_at(&mut plex, NOW + 899).status(), 200);
    assert!(is_gone(&poll(&pin["id"]).of_at(&mut plex, NOW + 900)));
    assert!(is_gone(&link(&plex, &pin["code"], Who::Free).of_at(&mut plex, NOW + 900)));

    plex.pin_mut(pin["id"].as_u64().unwrap()).unwrap().age(900);
    assert!(is_gone(&poll(&pin["id"]).of(&mut plex)));
    assert!(
        poll(&pin["id"])
            .without("accept")
            .of(&mut plex)
            .text()
            .contains("<error code=\"1020\" message=\"Code not found or expired\"/>")
    );
}

#[test]
fn linking_needs_a_token_a_code_and_a_pin_that_waits() {
    let mut plex = FakePlex::new();
    let pin = made(&mut plex, false);
    let code = pin["code"].as_str().unwrap();
    let nobody = form("PUT", "/pins/link", &[("code", code)]).json();
    assert_eq!(nobody.of(&mut plex).code(), (401, 1001));
    let token = plex.account(Who::Free).token().to_owned();
    let nothing = form("PUT", "/pins/link", &[("pin", code)]).token(&token).json();
    assert_eq!(nothing.of(&mut plex).code(), (400, 1004));
    assert!(is_gone(&link(&plex, &json_text("XXXX"), Who::Free).of(&mut plex)));
    assert_eq!(link(&plex, &pin["code"], Who::Free).of(&mut plex).status(), 204);
    assert!(is_gone(&link(&plex, &pin["code"], Who::Free).of(&mut plex)), "it no longer waits");
    assert_eq!(asking("PUT", "/pins").json().of(&mut plex).code(), (405, 1005));
}

fn json_text(text: &str) -> Value {
    Value::from(text)
}

#[test]
fn a_finished_pin_takes_the_place_of_the_same_accounts_earlier_token() {
    let mut plex = FakePlex::new();
    let mut linked = |who| {
        let pin = made(&mut plex, false);
        plex.link_pin(pin["code"].as_str().unwrap(), who, NOW).unwrap()
    };
    let (first, other, second) = (linked(Who::Free), linked(Who::PlexPass), linked(Who::Free));
    let mut status =
        |token: &str| asking("GET", "/user").token(token).json().of(&mut plex).status();
    assert_eq!([first, other, second].map(|token| status(&token)), [401, 200, 200]);
}
