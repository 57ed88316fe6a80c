"""A plugin for Mailman: a list that accepts only customers of a company.

[plugin.company_customers]
class: company_customers.CompanyCustomers
enabled: yes
configuration: /etc/mailman3/company_customers.cfg

The configuration file:

[customers]
url = https://crm.example.com/customers
key = SECRET

A list uses it after ``mailman workflows set LIST customers``.
"""

from mailman.interfaces.plugin import IPlugin
from public import public
from zope.interface import implementer


@public
@implementer(IPlugin)
class CompanyCustomers:
    """The plugin; all it has is in its package `workflows`."""

    name = "company_customers"
    resource = None

    def pre_hook(self) -> None:
        """See `IPlugin`."""

    def post_hook(self) -> None:
        """See `IPlugin`."""
