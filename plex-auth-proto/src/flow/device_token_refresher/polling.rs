//! The `Flow` implementation of a device token refresher.

use super::progress::DeviceTokenEnd;
use super::{DeviceResponse, DeviceTokenRefresher, Stage};
use crate::flow::clock::Moment;
use crate::flow::device_exchange::{ExchangeResponse, Next};
use crate::flow::now::Now;
use crate::flow::step::{Completion, Flow, RequestId, Step};
use crate::jwt::DeviceKey;

impl<K: DeviceKey> Flow for DeviceTokenRefresher<K> {
    type Output = DeviceTokenEnd;

    fn poll(&mut self, now: Now) -> Step<DeviceTokenEnd> {
        let now = self.clock.at(now);
        if let Stage::Finished(end) = &mut self.stage {
            return end.take().map_or(Step::Finished, |end| Step::Done(*end));
        }
        let save = self.saving.as_ref().and_then(|saving| saving.wait(now.elapsed));
        if save.is_some_and(|wait| wait.is_zero()) {
            return self.start_save();
        }
        match self.next_request(now) {
            Step::Wait(time) => Step::Wait(time.into_iter().chain(save).min()),
            step => step,
        }
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        if self.saving.as_ref().is_some_and(|saving| saving.awaits(id)) {
            self.saved(now, completion);
            return;
        }
        if self.exchange.awaits(id) {
            let moment = self.clock.at(now);
            if let Err(error) = self.exchange.signed(moment, completion) {
                self.failed(error);
            }
            return;
        }
        let Some(arrival) = self.in_flight.finish(&mut self.clock, now, id, completion) else {
            return;
        };
        // A late token is still valid. Once there is a token, earlier requests no longer matter.
        let is_token = matches!(
            &arrival.result,
            Some(Ok(DeviceResponse::Exchange(ExchangeResponse::Token(_))))
        );
        if is_token {
            self.in_flight.forget();
        } else if arrival.is_late {
            return;
        }
        match (arrival.result, &self.stage) {
            (_, Stage::Finished(_)) => {}
            // An exchange shows whether the registration was carried out.
            (None, Stage::Registering(_)) => self.stage = Stage::Refreshing,
            (None, Stage::Refreshing) => {
                let moment = self.clock.at(now);
                self.exchange.cancelled(moment);
            }
            (Some(Ok(DeviceResponse::Registered)), _) => {
                self.stage = Stage::Refreshing;
                self.last_error = None;
            }
            (Some(Ok(DeviceResponse::Exchange(response))), _) => {
                self.exchange_completed(now, Ok(response));
            }
            (Some(Err(error)), Stage::Registering(_)) => self.registration_failed(now, error),
            (Some(Err(error)), Stage::Refreshing) => self.exchange_completed(now, Err(error)),
        }
    }
}

impl<K: DeviceKey> DeviceTokenRefresher<K> {
    /// Returns the step that is due: a request, a signature or a wait.
    fn next_request(&mut self, now: Moment) -> Step<DeviceTokenEnd> {
        if let Some(error) = self.in_flight.lost(now.elapsed) {
            self.request_lost(error);
        }
        if let Some(wait) = self.in_flight.left(now.elapsed) {
            return Step::Wait(Some(wait));
        }
        let rest = self.next_request_in(now);
        if !rest.is_zero() {
            return Step::Wait(Some(rest.min(self.max_wait)));
        }
        if let Stage::Registering(token) = &self.stage {
            if self.saving.as_ref().is_some_and(|saving| saving.is_active()) {
                return Step::Wait(None);
            }
            let call = self.plex_tv.register_device_key(token, self.key.jwk());
            let call = call.map(|()| DeviceResponse::Registered);
            let (id, action) = self.in_flight.start(now.elapsed, call);
            return Step::Do(id, action);
        }
        let until = match self.exchange.next(&self.plex_tv, &self.key, now) {
            Ok(Next::Call(call)) => {
                let call = call.map(DeviceResponse::Exchange);
                let (id, action) = self.in_flight.start(now.elapsed, call);
                return Step::Do(id, action);
            }
            Ok(Next::Sign(id, action)) => return Step::Do(id, action),
            Ok(Next::Wait(until)) => until,
            Err(error) => {
                self.failed(error);
                self.exchange.due()
            }
        };
        Step::Wait(Some(until.saturating_sub(now.elapsed).min(self.max_wait)))
    }
}
