"""Deletions of users and messages."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from api.queries import number
from api.serializers import DeletionsSerializer
from chat.models import Deletion


class DeletionViewSet(GenericViewSet):
    """Deletions of the last year: of a class, the ids from `first` to `last`.

    The messages of a deleted user are deleted too.
    """

    queryset: QuerySet[Deletion] = Deletion.objects.order_by("pk")

    @extend_schema(operation_id="deletions_list", responses=DeletionsSerializer)
    def list(self, request: Request) -> Response:
        """List deletions, oldest first."""
        found = self.get_queryset().filter(deleted_at__gt=number(request, "updated_since", 0))
        return Response({"deletions": [deletion.to_dict() for deletion in found]})
