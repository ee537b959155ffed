"""Deletions of users and messages."""

from typing import cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import GenericViewSet
from api.pagination import DeletionPagination
from api.queries import SINCE
from api.serializers import DeletionsSerializer
from chat.models import Deletion


class DeletionViewSet(GenericViewSet):
    """Deletions of the last year: of a class, the ids from `first` to `last`.

    The messages of a deleted user are deleted too.
    """

    queryset: QuerySet[Deletion] = Deletion.objects.order_by("deleted_at", "pk")
    pagination_class = DeletionPagination

    @extend_schema(operation_id="deletions_list", responses=DeletionsSerializer)
    def list(self, request: Request) -> Response:
        """List deletions, oldest first, at most 1,000.

        With `updated_since` these are the first later ones, and a `Link` leads to the next.
        """
        later = self.get_queryset().filter(deleted_at__gt=SINCE.number(request) or 0)
        found = cast("DeletionPagination", self.paginator).bounded_queryset(
            later.values("deleted_at", "model", "first", "last"), request, list
        )
        deletions = [Deletion(**row).to_dict() for row in found]
        return self.get_paginated_response({"deletions": deletions})
