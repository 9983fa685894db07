//! The addresses.
//!
//! | address | what |
//! |---|---|
//! | `GET /`, `GET /assets/…` | the page and its files |
//! | `GET /api/library` | what there is to begin with |
//! | `GET /api/run?code=` | a run; with `at=` and `take=`, the run that takes another step there |
//! | `GET /api/options?code=&at=` | what can happen in a row, and what cannot |
//! | `GET /api/insight?code=` | what the run hangs on |
//! | `GET /api/compare?code=&with=` | the same schedule in another variant |
//! | `GET /api/export?code=&form=` | the run in another form |
//! | `POST /api/checks?token=` | begins a search |
//! | `GET /api/checks/{number}` | its news, as server-sent events |
//! | `POST /api/checks/{number}/stop?token=` | ends it |

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use super::desk::{Answer, Counter, Question, Refusal};
use super::guard::Guard;
use crate::report::viewer::{ASSETS, served};

/// The longest body: an order for a search, which holds a code.
const BODY_BYTES_MAX: usize = 64 * 1024;

pub(super) fn routes(counter: Counter, guard: Arc<Guard>) -> Router {
    let (page, policy) = served();
    let policy = HeaderValue::from_str(&policy).expect("a policy is plain text");
    Router::new()
        .route("/", get(move || async move { ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page) }))
        .route("/assets/{*name}", get(asset))
        .route("/api/library", get(|State(counter): State<Counter>| answer(counter, Question::Library)))
        .route("/api/run", get(run))
        .route("/api/options", get(options))
        .route("/api/insight", get(insight))
        .route("/api/compare", get(compare))
        .route("/api/export", get(export))
        .route("/api/checks", post(begin))
        .route("/api/checks/{number}", get(news))
        .route("/api/checks/{number}/stop", post(stop))
        .fallback(|| async { refused(&Refusal::not_found("there is nothing here".to_owned())) })
        .method_not_allowed_fallback(|| async {
            refused(&Refusal { status: 405, sentence: "that cannot be done here".to_owned() })
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(counter)
        .layer(from_fn(move |request, next| guarded(Arc::clone(&guard), policy.clone(), request, next)))
}

/// Lets a request through or refuses it, and says to every answer what a browser may do with it.
async fn guarded(guard: Arc<Guard>, policy: HeaderValue, request: Request, next: Next) -> Response {
    let mut response = match guard.refuses(request.method(), request.uri(), request.headers()) {
        Some((status, sentence)) => refused(&Refusal { status, sentence: sentence.to_owned() }),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(json!({ "error": refusal.sentence }))).into_response()
}

async fn answer(counter: Counter, question: Question) -> Response {
    match counter.ask(question).await {
        Ok(Answer::Json(text)) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Ok(Answer::File(file)) => {
            let disposition = format!("attachment; filename=\"{}\"", file.name);
            let headers = [(header::CONTENT_TYPE, file.mime.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
            (headers, file.text).into_response()
        }
        Err(refusal) => refused(&refusal),
    }
}

async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => ([(header::CONTENT_TYPE, asset.mime)], asset.text).into_response(),
        None => refused(&Refusal::not_found("the page has no such file".to_owned())),
    }
}

/// What the address of a question may say.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    code: String,
    at: Option<usize>,
    take: Option<usize>,
    #[serde(default)]
    with: String,
    #[serde(default)]
    form: String,
}

async fn run(State(counter): State<Counter>, Query(asked): Query<Asked>) -> Response {
    let question = match (asked.at, asked.take) {
        (Some(at), Some(index)) => Question::Fork { code: asked.code, at, index },
        (None, None) => Question::Run { code: asked.code },
        _ => return refused(&Refusal::bad("`at` and `take` go together".to_owned())),
    };
    answer(counter, question).await
}

async fn options(State(counter): State<Counter>, Query(asked): Query<Asked>) -> Response {
    answer(counter, Question::Options { code: asked.code, at: asked.at.unwrap_or(0) }).await
}

async fn insight(State(counter): State<Counter>, Query(asked): Query<Asked>) -> Response {
    answer(counter, Question::Insight { code: asked.code }).await
}

async fn compare(State(counter): State<Counter>, Query(asked): Query<Asked>) -> Response {
    answer(counter, Question::Compare { code: asked.code, with: asked.with }).await
}

async fn export(State(counter): State<Counter>, Query(asked): Query<Asked>) -> Response {
    answer(counter, Question::Export { code: asked.code, form: asked.form }).await
}

async fn begin(State(counter): State<Counter>, body: Bytes) -> Response {
    match serde_json::from_slice(&body) {
        Ok(order) => answer(counter, Question::Check(order)).await,
        Err(error) => refused(&Refusal::bad(format!("not an order for a search: {error}"))),
    }
}

async fn stop(State(counter): State<Counter>, Path(number): Path<u64>) -> Response {
    answer(counter, Question::Stop { number }).await
}

async fn news(State(counter): State<Counter>, Path(number): Path<u64>) -> Response {
    let Some(receiver) = counter.checks.news(number) else {
        return refused(&Refusal::not_found(format!("there is no search {number}")));
    };
    let mut ended = false;
    // The last news is told, and then the stream ends.
    let until_done = WatchStream::new(receiver).take_while(move |news| !std::mem::replace(&mut ended, news.done));
    let events = until_done.map(|news| Ok::<_, Infallible>(Event::default().json_data(&news).unwrap_or_default()));
    stream(events)
}

fn stream(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}
