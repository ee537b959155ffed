"""Deletions: what is gone."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from api.queries import number
from chat.models import Deletion


class DeletionViewSet(GenericViewSet):
    """What operators deleted in the last year: of a class, the ids from `first` to `last`.

    The messages of a deleted user are deleted too.
    """

    queryset: QuerySet[Deletion] = Deletion.objects.order_by("pk")

    def list(self, request: Request) -> Response:
        """Return the deletions, only those later than `updated_since=T` if given, oldest first."""
        found = self.get_queryset().filter(deleted_at__gt=number(request, "updated_since", 0))
        return Response({"deletions": [deletion.to_dict() for deletion in found]})
