"""French."""

from aggregator.digest.languages.words import Subscribing, Words, each, none_or_one

WORDS = Words(
    name="français",
    plural=none_or_one,
    weekdays=each("lundi mardi mercredi jeudi vendredi samedi dimanche"),
    weekdays_short=each("lun. mar. mer. jeu. ven. sam. dim."),
    months=each("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    months_short=each("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
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
    subscribing=Subscribing(
        confirm_subject="Confirmez votre abonnement à {site}",
        confirm_asked="Quelqu’un, sans doute vous, a demandé {digests} de {site} à cette adresse.",
        confirm_open="Pour le recevoir, ouvrez cette page et appuyez sur le bouton :",
        confirm_ends=(
            "Le lien est valable {days} jours. Si ce n’était pas vous, ne faites rien : sans confirmation, "
            "vous ne recevrez plus de message et l’adresse sera oubliée."
        ),
        manage_subject="Votre abonnement à {site}",
        manage_asked="Quelqu’un, sans doute vous, a demandé à {site} d’abonner cette adresse. Elle l’est déjà.",
        manage_open="Pour changer les sujets ou l’heure, faire une pause, récupérer vos données ou vous désabonner :",
        manage_ignore="Si ce n’était pas vous, il n’y a rien à faire.",
        welcome_subject="Bienvenue à {site}",
        welcome_text="Vous êtes abonné à {digests} de {site}.",
        welcome_last="Dernier numéro",
        subscribe="S’abonner",
        subscribe_heading="Recevez les nouvelles par courriel",
        subscribe_text=(
            "Vous recevrez un message avec un lien à confirmer. Les sujets, l’heure et la fréquence se "
            "choisissent ensuite. Déjà abonné ? Donnez votre adresse et vous recevrez le lien vers vos "
            "réglages."
        ),
        address="Adresse électronique",
        newsletters="Lettres d’information",
        no_address="Ce n’est pas une adresse électronique. Elle ressemble à nom@example.org.",
        no_digest="Choisissez au moins une lettre d’information.",
        accepted="Consultez votre boîte aux lettres",
        accepted_text=(
            "Un message avec un lien est en route. S’il n’arrive pas dans quelques minutes, regardez dans les "
            "indésirables. Une adresse reçoit un tel message par jour."
        ),
        too_many="Trop d’inscriptions",
        too_many_text="Il en est venu trop de votre réseau en une heure. Veuillez réessayer plus tard.",
        front_page="Vers la page d’accueil",
        confirm="Confirmez votre abonnement",
        confirm_text="{digests} de {site}, à {address}.",
        confirm_button="Oui, m’abonner",
        confirmed="Vous êtes abonné",
        confirmed_text=(
            "Le prochain numéro arrivera à {address}. Chaque message contient des liens pour changer les "
            "sujets et l’heure, et pour vous désabonner."
        ),
        choose="Choisir les sujets, l’heure et la fréquence",
        unreachable="Cette adresse est injoignable",
        unreachable_text="Le courrier qui lui était envoyé est revenu. Veuillez en utiliser une autre.",
        unsubscribe_text="{address} reçoit {digests} de {site}.",
        unsubscribed="Vous êtes désabonné",
        unsubscribed_text="Plus aucun message ne sera envoyé à {address}.",
        under_way="Un message qui était en cours de remise peut encore arriver.",
        mistake="C’était une erreur : me réabonner",
        resumed="Vous êtes de nouveau abonné",
        resumed_text="Le prochain numéro arrivera à {address}.",
        settings="Votre abonnement",
        saved="Enregistré. Cela compte dès le prochain numéro.",
        nothing_chosen="Choisissez au moins une lettre, ou désabonnez-vous plus bas. Rien n’a été changé.",
        how_often="Fréquence",
        as_it_happens="Au fil de l’eau : les nouveaux sujets peu après leur parution",
        daily="Chaque jour de parution de la lettre",
        weekly="Une fois par semaine",
        paused="Pas pour le moment",
        alerts="Alertes",
        alerts_text="Un message immédiat pour chaque nouveau sujet de {topics}",
        topics="Sujets",
        topics_hint="Aucun choisi : ceux de la lettre.",
        hour="Heure",
        as_usual="Comme d’habitude ({usual})",
        timezone="Fuseau horaire",
        weekday="Jour, si une fois par semaine",
        story_language="Langue des sujets",
        all_languages="Toutes",
        save="Enregistrer",
        leave="Partir",
        not_subscribed="Vous n’êtes pas abonné ; aucun message ne vient.",
        subscribe_again="Me réabonner",
        data="Vos données",
        data_link="Tout ce qui est enregistré à votre sujet, dans un fichier",
        erase_sure="Effacer mon adresse, mes choix et la trace de ce qui m’a été envoyé",
        erase="Tout effacer",
        erased="Tout est effacé",
        erased_text=(
            "Votre adresse, vos choix et la trace de ce qui vous a été envoyé ont disparu. Plus aucun message "
            "ne viendra."
        ),
        dead_link="Ce lien ne fonctionne plus",
        dead_link_text=(
            "Il a expiré, ou n’a été copié qu’en partie. Inscrivez-vous encore une fois et vous en recevrez un nouveau."
        ),
        foreign_form="Cela vient d’un autre site",
        foreign_form_text="Veuillez ouvrir la page ici et envoyer le formulaire depuis elle.",
    ),
)
