"""The pages of a subscription. GET shows and changes nothing, since link scanners fetch every link; POST acts.

    /subscribe/                         the form; POST: a letter goes out, the answer is the same for every address
    /confirm/<token>                    POST: confirmed
    /preferences/<token>                POST: saved, unsubscribed, resumed or erased
    /preferences/<token>/data.json      everything that is stored about the subscriber
    /editions/<digest>/<date>/<variant>/[<issue>/]  an edition as it was made for subscribers with wishes of their own
    /unsubscribe/<token>                POST: unsubscribed, by a button or by a mail program's one click (RFC 8058)

No cookies: the token in the link is the whole permission. A form that another site sent is refused, apart from the one
click, which comes from no page at all. The pages speak the site's language, as its mails do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import wraps
from typing import Any
from zoneinfo import available_timezones

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aggregator import clock
from aggregator.config.models import Config
from aggregator.config.values import WEEKDAYS
from aggregator.digest import signup
from aggregator.digest.phrases import Phrases, name_of, phrases
from aggregator.digest.schedule import Schedule
from aggregator.digest.signup import Answer, SignUp
from aggregator.digest.subscriptions import chosen_digests, languages_on_offer, read_wishes
from aggregator.digest.tokens import Holder, Purpose, personal_links
from aggregator.model import EditionState, Frequency, Subscriber
from aggregator.publish.pages import edition_page
from aggregator.store import editions
from aggregator.store.database import Store
from aggregator.text.slug import unique_slugs
from aggregator.web import pages
from aggregator.web.document import MAIL_POLICY, SAFE_HEADERS
from aggregator.web.forms import Form, client_of, first, is_our_own, read_form

_HEADERS = SAFE_HEADERS | {"cache-control": "no-store", "x-robots-tag": "noindex"}
_HALF_HOURS = tuple(f"{n // 2:02}:{n % 2 * 30:02}" for n in range(48))
_ASKED = {
    Answer.ACCEPTED: 200,
    Answer.NO_ADDRESS: 400,
    Answer.NO_DIGEST: 400,
    Answer.TOO_MANY: 429,
}


def subscription_routes(
    store: Store, config_source: Callable[[], Config], letter_waits: Callable[[], None] = lambda: None
) -> list[Route]:
    """The routes of this module. `letter_waits` is called when there is a letter to be sent."""
    made = _Subscriptions(store, config_source, letter_waits)
    return [
        Route("/subscribe/", made.subscribe, methods=["GET", "POST"]),
        Route("/confirm/{token}", made.confirm, methods=["GET", "POST"]),
        Route("/preferences/{token}", made.preferences, methods=["GET", "POST"]),
        Route("/preferences/{token}/data.json", made.data),
        Route("/unsubscribe/{token}", made.unsubscribe, methods=["GET", "POST"]),
        Route("/editions/{slug}/{day}/{variant}/", made.edition),
        Route("/editions/{slug}/{day}/{variant}/{issue:int}/", made.edition),
    ]


class _Refused(Exception):  # noqa: N818 - no error of ours
    """A page that says why not, in the place of the one that was asked for."""

    def __init__(self, status: int, *, foreign: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.foreign = foreign


Endpoint = Callable[["_Subscriptions", Request], Awaitable[Response]]


def _or_refused(endpoint: Endpoint) -> Endpoint:
    """The endpoint; where it refuses, a page in the site's language."""

    @wraps(endpoint)
    async def answered(self: _Subscriptions, request: Request) -> Response:
        try:
            return await endpoint(self, request)
        except _Refused as refused:
            say = self.words.subscribing
            title = say.foreign_form if refused.foreign else say.dead_link
            return await self.page("refused.html", title, {"foreign": refused.foreign}, refused.status)

    return answered


class _Subscriptions:
    """The endpoints."""

    def __init__(self, store: Store, config_source: Callable[[], Config], letter_waits: Callable[[], None]) -> None:
        self._store = store
        self._config_source = config_source
        self._letter_waits = letter_waits

    @property
    def words(self) -> Phrases:
        """In the site's language."""
        return phrases(self._config_source().site.language)

    @_or_refused
    async def subscribe(self, request: Request) -> Response:
        config, title = self._config_source(), self.words.subscribing.subscribe
        if not config.takes_subscribers:
            raise HTTPException(404)
        if request.method != "POST":
            return await self.page("subscribe.html", title, {"answer": None})
        form = await self._own_form(request)
        names = form.get("digest", ()) if len(config.digests) > 1 else tuple(config.digests)
        asked = SignUp(first(form, "address"), names, client_of(request))
        answer = await asyncio.to_thread(signup.sign_up, self._store, config, asked, clock.utc_now())
        self._letter_waits()
        return await self.page("subscribe.html", title, {"answer": answer.value}, _ASKED[answer])

    @_or_refused
    async def confirm(self, request: Request) -> Response:
        config, person = self._config_source(), await self._person(request, Purpose.CONFIRM)
        if request.method == "POST":
            await self._own_form(request)
            person = await asyncio.to_thread(signup.confirm, self._store, config, person, clock.utc_now())
            self._letter_waits()
        secret = await asyncio.to_thread(signup.site_secret, self._store)
        links = personal_links(secret, config.site.url, Holder(person.id, person.salt))
        variables = {"person": person, "preferences_url": links.preferences}
        return await self.page("confirm.html", self.words.subscribing.confirm, variables)

    @_or_refused
    async def unsubscribe(self, request: Request) -> Response:
        """No check of who sent the form: the token alone permits it, and mail programs post from nowhere."""
        person = await self._person(request, Purpose.UNSUBSCRIBE)
        said = ""
        if request.method == "POST":
            action = first(await read_form(request), "action") or "unsubscribe"
            said = await asyncio.to_thread(self._leave_or_resume, person, action)
            person = await self._person(request, Purpose.UNSUBSCRIBE)
        return await self.page("unsubscribe.html", self.words.unsubscribe, {"person": person, "said": said})

    def _leave_or_resume(self, person: Subscriber, action: str) -> str:
        """What to say about it. 'under way': a mail that a server is deciding about may still come."""
        if action == "resume":
            signup.resume(self._store, person, clock.utc_now())
            return "resumed"
        return "under way" if signup.unsubscribe(self._store, person, clock.utc_now()) else "unsubscribed"

    async def edition(self, request: Request) -> Response:
        body = await asyncio.to_thread(self._edition, **request.path_params)
        sent = SAFE_HEADERS | {"content-security-policy": MAIL_POLICY, "x-robots-tag": "noindex"}
        return Response(body, headers=sent | {"content-type": "text/html; charset=utf-8"})

    def _edition(self, slug: str, day: str, variant: str, issue: int = 0) -> bytes:
        config = self._config_source()
        digest = next((name for name, own in unique_slugs(config.digests).items() if own == slug), "")
        with self._store.read() as conn:
            edition = editions.get(conn, digest, day, variant, issue)
        if edition is None or edition.state is EditionState.EMPTY:
            raise HTTPException(404)
        numbered = f"{issue}/" if issue else ""
        return edition_page(config.site, edition, f"editions/{slug}/{day}/{variant}/{numbered}")

    @_or_refused
    async def data(self, request: Request) -> Response:
        person = await self._person(request, Purpose.PREFERENCES)
        said = await asyncio.to_thread(signup.export, self._store, person)
        return JSONResponse(
            said, headers=_HEADERS | {"content-disposition": 'attachment; filename="subscription.json"'}
        )

    @_or_refused
    async def preferences(self, request: Request) -> Response:
        person = await self._person(request, Purpose.PREFERENCES)
        said, title = "", self.words.subscribing.settings
        if request.method == "POST":
            form = await self._own_form(request)
            if first(form, "action") == "erase" and first(form, "sure"):
                late = await asyncio.to_thread(signup.erase, self._store, person, clock.utc_now())
                erased = self.words.subscribing.erased
                return await self.page("erased.html", erased, {"said": "under way" if late else ""})
            said = await asyncio.to_thread(self._change, person, form)
            person = await self._person(request, Purpose.PREFERENCES)
        more = {"said": said, "data_url": f"{request.path_params['token']}/data.json"}
        return await self.page("preferences.html", title, self._choices(person) | more)

    def _change(self, person: Subscriber, form: Form) -> str:
        """Do what was asked for; what to say about it."""
        config, action = self._config_source(), first(form, "action")
        if action == "save":
            digests = chosen_digests(config, form.get("digest", ()))
            if not digests:
                return "no digest"
            signup.save(self._store, person, read_wishes(config, form, person.wishes), digests, clock.utc_now())
            return "saved"
        return self._leave_or_resume(person, action) if action in {"unsubscribe", "resume"} else ""

    def _choices(self, person: Subscriber) -> dict[str, object]:
        """What the form offers: what is usual, and what this person has, however he came to it."""
        config, wishes = self._config_source(), person.wishes
        usual = [Schedule.of(digest, config.site) for name, digest in config.digests.items() if name in person.digests]
        days = dict(zip(WEEKDAYS, self.words.weekdays, strict=True))
        zones = {zone for zone in available_timezones() if "/" in zone and zone[:4] != "Etc/"} | {"UTC"}
        languages = {*languages_on_offer(config), *filter(None, [wishes.language])}
        return {
            "person": person,
            "all_digests": tuple(config.digests),
            "all_topics": tuple(config.topics),
            "frequencies": tuple(Frequency),
            "languages": {language: name_of(language) for language in sorted(languages)},
            "weekdays": days,
            "hours": sorted({*_HALF_HOURS, *filter(None, [wishes.hour])}),
            "zones": sorted(zones | set(filter(None, [wishes.timezone]))),
            "alert_topics": tuple(name for name, topic in config.topics.items() if topic.alert),
            "usual_weekday": _each(days[one.days[0]] for one in usual),
            "usual_hour": _each(f"{one.at:%H:%M}" for one in usual),
            "usual_zone": _each(str(one.zone) for one in usual),
        }

    async def _person(self, request: Request, purpose: Purpose) -> Subscriber:
        token: str = request.path_params["token"]
        now = clock.utc_now()
        person = await asyncio.to_thread(signup.find, self._store, purpose, token, now)
        if person is None:
            raise _Refused(404)
        return person

    async def _own_form(self, request: Request) -> Form:
        if not is_our_own(request, self._config_source().site.url):
            raise _Refused(403, foreign=True)
        return await read_form(request)

    async def page(self, template: str, title: str, variables: Mapping[str, Any], status: int = 200) -> Response:
        """A page of these variables and the words of every page of subscriptions."""
        given = {"words": self.words, **variables}
        body = await asyncio.to_thread(pages.page, self._config_source(), template, title, given)
        return Response(body, status, headers=_HEADERS | {"content-type": "text/html; charset=utf-8"})


def _each(values: Iterable[str]) -> str:
    """Each value once: what is usual in several newsletters."""
    return ", ".join(dict.fromkeys(values))
