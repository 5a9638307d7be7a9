"""British spellings of base forms as American ones: defence is defense, colour color, organise organize.

Words that another word would be taken for (cheque, tyre, storey) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PAIRS = """
defence:defense offence:offense pretence:pretense licence:license practise:practice programme:program
grey:gray aluminium:aluminum aeroplane:airplane plough:plow sceptic:skeptic sceptical:skeptical
scepticism:skepticism mould:mold moult:molt smoulder:smolder moustache:mustache jewellery:jewelry
jeweller:jeweler manoeuvre:maneuver analyse:analyze paralyse:paralyze catalyse:catalyze
breathalyse:breathalyze catalogue:catalog dialogue:dialog analogue:analog monologue:monolog fulfil:fulfill
fulfilment:fulfillment enrol:enroll enrolment:enrollment instalment:installment instil:instill distil:distill
skilful:skillful wilful:willful ageing:aging judgement:judgment acknowledgement:acknowledgment
traveller:traveler counsellor:counselor councillor:councilor marvellous:marvelous woollen:woolen
cancelled:canceled travelled:traveled labelled:labeled fuelled:fueled signalled:signaled modelled:modeled
cancelling:canceling travelling:traveling labelling:labeling fuelling:fueling signalling:signaling
modelling:modeling pyjamas:pajamas yoghurt:yogurt artefact:artifact aesthetic:esthetic anaemia:anemia
anaesthetic:anesthetic archaeology:archeology archaeologist:archeologist caesarean:cesarean diarrhoea:diarrhea
encyclopaedia:encyclopedia foetus:fetus foetal:fetal gynaecology:gynecology haemorrhage:hemorrhage
leukaemia:leukemia oestrogen:estrogen orthopaedic:orthopedic paediatric:pediatric paediatrician:pediatrician
paedophile:pedophile sulphur:sulfur
"""
_WORDS = dict(pair.split(":") for pair in _PAIRS.split())
_OUR = re.compile(
    r"^((?:un|dis|mis|en|multi)?(?:arb|ard|arm|behavi|cand|clam|col|dem|endeav|fav|ferv|flav|glam|harb|hon|hum|lab"
    r"|misdemean|neighb|od|parl|ranc|rig|rum|sav|splend|succ|tum|val|vap|vig))our"
)
_RE = re.compile(
    r"^((?:epi|multi)?(?:cent|theat|fib|lit|met|millimet|centimet|kilomet|sab|spect|calib|lust|meag|somb))re(?=s?$|d$)"
)
_ISE = re.compile(r"(?<=[a-z]{4})is(e|ed|er|ing|ation)$")


def american(word: str, known: Callable[[str], bool]) -> str:
    """The American spelling of a British English base form; any other word as it is.

    `word` is lower case. `known` says whether a word is English: -ise becomes -ize where that makes a word.
    """
    if word in _WORDS:
        return _WORDS[word]
    if "our" in word:
        return _OUR.sub(r"\1or", word)
    if "is" in word:
        ized = _ISE.sub(r"iz\1", word)
        if ized != word:
            return ized if known(ized) else word
    return _RE.sub(r"\1er", word) if "re" in word[-3:] else word
