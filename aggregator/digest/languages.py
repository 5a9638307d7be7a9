"""The words of a mail that don't come from feeds, in ten languages. `phrases` says what each entry is for.

Plural forms stand in the order of the language's rule (Unicode CLDR). Weekdays begin with Monday.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict


class Words(TypedDict):
    """One language's words, as the fields of `phrases.Phrases`."""

    plural: Callable[[int], int]
    weekdays: str
    weekdays_short: str
    months: str
    months_short: str
    long_date: str
    short_date: str
    view_in_browser: str
    in_this_issue: str
    top_stories: str
    other_stories: str
    of_total: str
    also: str
    more: str
    update: str
    all_on_web: str
    end_today: str
    end_now: str
    next: str
    covers: str
    why: str
    alert: str
    why_alert: str
    preferences: str
    unsubscribe: str
    unsubscribe_subject: str
    story_forms: tuple[str, ...]
    source_forms: tuple[str, ...]
    origin_forms: tuple[str, ...]
    copied: str
    minutes: str
    minutes_ago: str
    hours_ago: str
    days_ago: str


def _one(count: int) -> int:
    return 0 if count == 1 else 1


def _none_or_one(count: int) -> int:
    return 0 if count <= 1 else 1


def _few(count: int) -> bool:
    return 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14


def _polish(count: int) -> int:
    return 0 if count == 1 else 1 if _few(count) else 2


def _slavic(count: int) -> int:
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if _few(count) else 2


def _arabic(count: int) -> int:
    if count <= 2:
        return count
    return 3 if 3 <= count % 100 <= 10 else 4 if count % 100 >= 11 else 5


LANGUAGES: dict[str, Words] = {
    "en": Words(
        plural=_one,
        weekdays="Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        weekdays_short="Mon Tue Wed Thu Fri Sat Sun",
        months="January February March April May June July August September October November December",
        months_short="Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        long_date="{weekday} {day} {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="View in browser",
        in_this_issue="In this issue",
        top_stories="Top stories",
        other_stories="Other stories",
        of_total="{shown} of {total}",
        also="Also",
        more="+{n}",
        update="Update",
        all_on_web="All {n} on the web: {topic}",
        end_today="That is everything for today.",
        end_now="That is everything for now.",
        next="Next: {when}",
        covers="covers {span}",
        why="You get this because your address is on the list of recipients of {site}.",
        alert="Alert",
        why_alert="You get this because {site} mails each new story of {topic} at once, and only once.",
        preferences="Change topics or time",
        unsubscribe="Unsubscribe",
        unsubscribe_subject="Unsubscribe from {digest}",
        story_forms=("{} story", "{} stories"),
        source_forms=("{} source", "{} sources"),
        origin_forms=("{} origin", "{} origins"),
        copied="{sources}, {origins}",
        minutes="{n} min",
        minutes_ago="{} min ago",
        hours_ago="{} h ago",
        days_ago="{} d ago",
    ),
    "de": Words(
        plural=_one,
        weekdays="Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        weekdays_short="Mo Di Mi Do Fr Sa So",
        months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        months_short="Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
        long_date="{weekday}, {day}. {month}",
        short_date="{weekday} {day}. {month}",
        view_in_browser="Im Browser ansehen",
        in_this_issue="In dieser Ausgabe",
        top_stories="Das Wichtigste",
        other_stories="Außerdem",
        of_total="{shown} von {total}",
        also="Auch bei",
        more="+{n}",
        update="Neues",
        all_on_web="Alle {n} im Web: {topic}",
        end_today="Das ist alles für heute.",
        end_now="Das ist für den Moment alles.",
        next="Nächste Ausgabe: {when}",
        covers="umfasst {span}",
        why="Sie erhalten diese Mail, weil Ihre Adresse auf der Empfängerliste von {site} steht.",
        alert="Eilmeldung",
        why_alert="Sie erhalten dies, weil {site} jede neue Meldung zu {topic} sofort verschickt, und nur einmal.",
        preferences="Themen oder Zeit ändern",
        unsubscribe="Abbestellen",
        unsubscribe_subject="{digest} abbestellen",
        story_forms=("{} Meldung", "{} Meldungen"),
        source_forms=("{} Quelle", "{} Quellen"),
        origin_forms=("{} Ursprung", "{} Ursprünge"),
        copied="{sources}, {origins}",
        minutes="{n} Min.",
        minutes_ago="vor {} Min.",
        hours_ago="vor {} Std.",
        days_ago="vor {} Tagen",
    ),
    "fr": Words(
        plural=_none_or_one,
        weekdays="lundi mardi mercredi jeudi vendredi samedi dimanche",
        weekdays_short="lun. mar. mer. jeu. ven. sam. dim.",
        months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        months_short="janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        long_date="{weekday} {day} {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="Voir dans le navigateur",
        in_this_issue="Dans ce numéro",
        top_stories="À la une",
        other_stories="Et aussi",
        of_total="{shown} sur {total}",
        also="Voir aussi",
        more="+{n}",
        update="Suite",
        all_on_web="Les {n} sur le web : {topic}",
        end_today="C’est tout pour aujourd’hui.",
        end_now="C’est tout pour le moment.",
        next="Prochain numéro : {when}",
        covers="couvre {span}",
        why="Vous recevez ce message car votre adresse figure sur la liste des destinataires de {site}.",
        alert="Alerte",
        why_alert="{site} vous envoie aussitôt, et une seule fois, chaque nouvelle information sur {topic}.",
        preferences="Changer les sujets ou l’heure",
        unsubscribe="Se désabonner",
        unsubscribe_subject="Se désabonner de {digest}",
        story_forms=("{} sujet", "{} sujets"),
        source_forms=("{} source", "{} sources"),
        origin_forms=("{} origine", "{} origines"),
        copied="{sources}, {origins}",
        minutes="{n} min",
        minutes_ago="il y a {} min",
        hours_ago="il y a {} h",
        days_ago="il y a {} j",
    ),
    "es": Words(
        plural=_one,
        weekdays="lunes martes miércoles jueves viernes sábado domingo",
        weekdays_short="lun mar mié jue vie sáb dom",
        months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        months_short="ene feb mar abr may jun jul ago sept oct nov dic",
        long_date="{weekday} {day} de {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="Ver en el navegador",
        in_this_issue="En este número",
        top_stories="Lo más destacado",
        other_stories="Otras noticias",
        of_total="{shown} de {total}",
        also="También",
        more="+{n}",
        update="Novedad",
        all_on_web="Las {n} en la web: {topic}",
        end_today="Esto es todo por hoy.",
        end_now="Esto es todo por ahora.",
        next="Próximo número: {when}",
        covers="abarca {span}",
        why="Recibe este mensaje porque su dirección está en la lista de destinatarios de {site}.",
        alert="Alerta",
        why_alert="{site} le envía enseguida, y una sola vez, cada noticia nueva sobre {topic}.",
        preferences="Cambiar temas u hora",
        unsubscribe="Darse de baja",
        unsubscribe_subject="Darse de baja de {digest}",
        story_forms=("{} noticia", "{} noticias"),
        source_forms=("{} fuente", "{} fuentes"),
        origin_forms=("{} origen", "{} orígenes"),
        copied="{sources}, {origins}",
        minutes="{n} min",
        minutes_ago="hace {} min",
        hours_ago="hace {} h",
        days_ago="hace {} d",
    ),
    "pt": Words(
        plural=_none_or_one,
        weekdays="segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        weekdays_short="seg ter qua qui sex sáb dom",
        months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        months_short="jan fev mar abr mai jun jul ago set out nov dez",
        long_date="{weekday}, {day} de {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="Ver no navegador",
        in_this_issue="Nesta edição",
        top_stories="Destaques",
        other_stories="Outras notícias",
        of_total="{shown} de {total}",
        also="Também",
        more="+{n}",
        update="Novidade",
        all_on_web="Todas as {n} na web: {topic}",
        end_today="É tudo por hoje.",
        end_now="É tudo por agora.",
        next="Próxima edição: {when}",
        covers="abrange {span}",
        why="Recebe esta mensagem porque o seu endereço está na lista de destinatários de {site}.",
        alert="Alerta",
        why_alert="{site} envia-lhe de imediato, e uma só vez, cada notícia nova sobre {topic}.",
        preferences="Mudar temas ou hora",
        unsubscribe="Cancelar a subscrição",
        unsubscribe_subject="Cancelar a subscrição de {digest}",
        story_forms=("{} notícia", "{} notícias"),
        source_forms=("{} fonte", "{} fontes"),
        origin_forms=("{} origem", "{} origens"),
        copied="{sources}, {origins}",
        minutes="{n} min",
        minutes_ago="há {} min",
        hours_ago="há {} h",
        days_ago="há {} d",
    ),
    "it": Words(
        plural=_one,
        weekdays="lunedì martedì mercoledì giovedì venerdì sabato domenica",
        weekdays_short="lun mar mer gio ven sab dom",
        months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        months_short="gen feb mar apr mag giu lug ago set ott nov dic",
        long_date="{weekday} {day} {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="Apri nel browser",
        in_this_issue="In questo numero",
        top_stories="In primo piano",
        other_stories="Altre notizie",
        of_total="{shown} di {total}",
        also="Anche",
        more="+{n}",
        update="Novità",
        all_on_web="Tutte e {n} sul web: {topic}",
        end_today="Per oggi è tutto.",
        end_now="Per ora è tutto.",
        next="Prossimo numero: {when}",
        covers="copre {span}",
        why="Ricevi questo messaggio perché il tuo indirizzo è nell’elenco dei destinatari di {site}.",
        alert="Ultim’ora",
        why_alert="{site} ti invia subito, e una sola volta, ogni nuova notizia su {topic}.",
        preferences="Cambia argomenti o orario",
        unsubscribe="Annulla l’iscrizione",
        unsubscribe_subject="Annulla l’iscrizione a {digest}",
        story_forms=("{} notizia", "{} notizie"),
        source_forms=("{} fonte", "{} fonti"),
        origin_forms=("{} origine", "{} origini"),
        copied="{sources}, {origins}",
        minutes="{n} min",
        minutes_ago="{} min fa",
        hours_ago="{} h fa",
        days_ago="{} g fa",
    ),
    "pl": Words(
        plural=_polish,
        weekdays="poniedziałek wtorek środa czwartek piątek sobota niedziela",
        weekdays_short="pon. wt. śr. czw. pt. sob. niedz.",
        months="stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
        months_short="sty lut mar kwi maj cze lip sie wrz paź lis gru",
        long_date="{weekday}, {day} {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="Zobacz w przeglądarce",
        in_this_issue="W tym wydaniu",
        top_stories="Najważniejsze",
        other_stories="Inne wiadomości",
        of_total="{shown} z {total}",
        also="Także",
        more="+{n}",
        update="Nowe",
        all_on_web="Wszystkie {n} w sieci: {topic}",
        end_today="To wszystko na dziś.",
        end_now="Na razie to wszystko.",
        next="Następne wydanie: {when}",
        covers="obejmuje {span}",
        why="Otrzymujesz tę wiadomość, ponieważ Twój adres jest na liście odbiorców {site}.",
        alert="Pilne",
        why_alert="{site} od razu i tylko raz wysyła Ci każdą nową wiadomość na temat {topic}.",
        preferences="Zmień tematy lub godzinę",
        unsubscribe="Wypisz się",
        unsubscribe_subject="Wypisz z {digest}",
        story_forms=("{} wiadomość", "{} wiadomości", "{} wiadomości"),
        source_forms=("{} źródło", "{} źródła", "{} źródeł"),
        origin_forms=("{} oryginał", "{} oryginały", "{} oryginałów"),
        copied="{sources}, {origins}",
        minutes="{n} min",
        minutes_ago="{} min temu",
        hours_ago="{} godz. temu",
        days_ago="{} dni temu",
    ),
    "uk": Words(
        plural=_slavic,
        weekdays="понеділок вівторок середа четвер п’ятниця субота неділя",
        weekdays_short="пн вт ср чт пт сб нд",
        months="січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        months_short="січ. лют. бер. квіт. трав. черв. лип. серп. вер. жовт. лист. груд.",
        long_date="{weekday}, {day} {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="Переглянути в браузері",
        in_this_issue="У цьому випуску",
        top_stories="Головне",
        other_stories="Інші новини",
        of_total="{shown} із {total}",
        also="Також",
        more="+{n}",
        update="Нове",
        all_on_web="Усі {n} на сайті: {topic}",
        end_today="Це все на сьогодні.",
        end_now="Поки що це все.",
        next="Наступний випуск: {when}",
        covers="охоплює {span}",
        why="Ви отримуєте цей лист, бо ваша адреса є у списку одержувачів {site}.",
        alert="Терміново",
        why_alert="{site} одразу й лише раз надсилає вам кожну нову подію теми «{topic}».",
        preferences="Змінити теми або час",
        unsubscribe="Відписатися",
        unsubscribe_subject="Відписатися від {digest}",
        story_forms=("{} новина", "{} новини", "{} новин"),
        source_forms=("{} джерело", "{} джерела", "{} джерел"),
        origin_forms=("{} першоджерело", "{} першоджерела", "{} першоджерел"),
        copied="{sources}, {origins}",
        minutes="{n} хв",
        minutes_ago="{} хв тому",
        hours_ago="{} год тому",
        days_ago="{} дн. тому",
    ),
    "ru": Words(
        plural=_slavic,
        weekdays="понедельник вторник среда четверг пятница суббота воскресенье",
        weekdays_short="пн вт ср чт пт сб вс",
        months="января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        months_short="янв. февр. марта апр. мая июня июля авг. сент. окт. нояб. дек.",
        long_date="{weekday}, {day} {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="Открыть в браузере",
        in_this_issue="В этом выпуске",
        top_stories="Главное",
        other_stories="Другие новости",
        of_total="{shown} из {total}",
        also="Также",
        more="+{n}",
        update="Новое",
        all_on_web="Все {n} на сайте: {topic}",
        end_today="Это всё на сегодня.",
        end_now="Пока это всё.",
        next="Следующий выпуск: {when}",
        covers="охватывает {span}",
        why="Вы получаете это письмо, потому что ваш адрес есть в списке получателей {site}.",
        alert="Срочно",
        why_alert="{site} сразу и только один раз присылает вам каждое новое событие темы «{topic}».",
        preferences="Изменить темы или время",
        unsubscribe="Отписаться",
        unsubscribe_subject="Отписаться от {digest}",
        story_forms=("{} новость", "{} новости", "{} новостей"),
        source_forms=("{} источник", "{} источника", "{} источников"),
        origin_forms=("{} первоисточник", "{} первоисточника", "{} первоисточников"),
        copied="{sources}, {origins}",
        minutes="{n} мин",
        minutes_ago="{} мин назад",
        hours_ago="{} ч назад",
        days_ago="{} дн. назад",
    ),
    "ar": Words(
        plural=_arabic,
        weekdays="الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد",
        weekdays_short="الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد",
        months="يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        months_short="يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        long_date="{weekday} {day} {month}",
        short_date="{weekday} {day} {month}",
        view_in_browser="عرض في المتصفح",
        in_this_issue="في هذا العدد",
        top_stories="أهم الأخبار",
        other_stories="أخبار أخرى",
        of_total="{shown} من {total}",
        also="أيضا",
        more="+{n}",
        update="جديد",
        all_on_web="الكل ({n}) على الموقع: {topic}",
        end_today="هذا كل شيء لليوم.",
        end_now="هذا كل شيء حتى الآن.",
        next="العدد القادم: {when}",
        covers="يغطي {span}",
        why="تصلك هذه الرسالة لأن عنوانك في قائمة مستلمي {site}.",
        alert="عاجل",
        why_alert="تصلك هذه الرسالة لأن {site} يرسل كل خبر جديد عن {topic} فورا ومرة واحدة فقط.",
        preferences="تغيير المواضيع أو الوقت",
        unsubscribe="إلغاء الاشتراك",
        unsubscribe_subject="إلغاء الاشتراك في {digest}",
        story_forms=("لا أخبار", "خبر واحد", "خبران", "{} أخبار", "{} خبرا", "{} خبر"),
        source_forms=("لا مصادر", "مصدر واحد", "مصدران", "{} مصادر", "{} مصدرا", "{} مصدر"),
        origin_forms=("لا أصول", "أصل واحد", "أصلان", "{} أصول", "{} أصلا", "{} أصل"),
        copied="{sources}، {origins}",
        minutes="{n} د",
        minutes_ago="قبل {} د",
        hours_ago="قبل {} س",
        days_ago="قبل {} أيام",
    ),
}
