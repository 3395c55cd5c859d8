"""Training institutions: register, people, courses, money, and the standards that they are held against."""

from training_orgs.models.counts import SubjectCount
from training_orgs.models.courses import Course, CourseSession, CourseSlot, CourseTeacher, Identification
from training_orgs.models.derived import (
    ChargeHistory,
    CustodyGap,
    FeeCharge,
    LinePrice,
    OrderPlan,
    OrderSpan,
    RestLesson,
)
from training_orgs.models.listed import BlackListedDay, ToBeListed
from training_orgs.models.money import Consumption, DailyBalance, FeeLine, FeeOrder, LedgerEntry, Refund
from training_orgs.models.people import InServiceList, InServiceTeacher, Qualification, Staff
from training_orgs.models.register import (
    AnnualCheck,
    Brand,
    CustodyAccount,
    Licence,
    OrgProfile,
    Registration,
    Reserve,
    SafetyCheck,
    SiteSighting,
    StatusChange,
    TrainingOrg,
)
from training_orgs.models.said import DisputeDay, OfferedText
from training_orgs.models.standards import Advertisement, GuidePrice, ListedWord, SubjectBaseline

__all__ = [
    "Advertisement",
    "AnnualCheck",
    "BlackListedDay",
    "Brand",
    "ChargeHistory",
    "Consumption",
    "Course",
    "CourseSession",
    "CourseSlot",
    "CourseTeacher",
    "CustodyAccount",
    "CustodyGap",
    "DailyBalance",
    "DisputeDay",
    "FeeCharge",
    "FeeLine",
    "FeeOrder",
    "GuidePrice",
    "Identification",
    "InServiceList",
    "InServiceTeacher",
    "LedgerEntry",
    "Licence",
    "LinePrice",
    "ListedWord",
    "OrderPlan",
    "OrderSpan",
    "OfferedText",
    "OrgProfile",
    "Qualification",
    "Refund",
    "Registration",
    "Reserve",
    "RestLesson",
    "SafetyCheck",
    "SiteSighting",
    "Staff",
    "StatusChange",
    "SubjectBaseline",
    "SubjectCount",
    "ToBeListed",
    "TrainingOrg",
]
